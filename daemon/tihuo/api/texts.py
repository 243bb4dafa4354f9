"""Every code that can reach a person, in words: what happened, then what to do.

Customers at a kiosk read `KIOSK`; staff and the owner read the rest. Facts stand in `%(name)s`: `at` is written as a
moment, `window` as a span of time, `zone` as its word, all others as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tihuo.api.languages import N_

if TYPE_CHECKING:
    from tihuo.api.pages import Language


class Text(NamedTuple):
    what: str
    then: str = ""


ZONES = {"ambient": N_("Ambient"), "chilled": N_("Chilled"), "frozen": N_("Frozen")}

REFUSALS: dict[str, Text] = {
    # cameras
    "bad_tray": Text(
        N_("This is no tray in the picture."), N_("Draw it again, at least a tenth of the picture each way.")
    ),
    "two_codes": Text(N_("Two codes lay there at once."), N_("Show one after the other.")),
    # pickup
    "unknown_code": Text(
        N_("No order has this code."), N_("Look at the digits once more, or find the order by phone.")
    ),
    "other_shop": Text(N_("This code belongs to another shop."), N_("Look at the pickup address in the order.")),
    "revoked": Text(
        N_("This code was replaced by another."), N_("The customer's app shows the present one, or look by phone.")
    ),
    "expired": Text(N_("The time of this code is over."), N_("Talk to the customer; the order's page says more.")),
    "stale_code": Text(
        N_("This picture of a code is old."), N_("Let her open the code in the mini program, or look by phone.")
    ),
    "live_code_only": Text(
        N_("Only a code that changes is taken there."), N_("Scan it here: on staff phones this one counts.")
    ),
    "clock_unsure": Text(
        N_("The box does not know the time for sure."), N_("Scan it here and decide yourself whether it is still good.")
    ),
    "payment_code": Text(
        N_("This is a payment code, not a pickup code."), N_("Nothing was charged and nothing kept. Ask for the order.")
    ),
    "web_page": Text(N_("This code leads to a web page."), N_("Ask for the pickup code of the order.")),
    "goods_code": Text(N_("This is the barcode of goods."), N_("Ask for the pickup code of the order.")),
    "damaged_code": Text(
        N_("A part of this code is missing."), N_("Scan it again whole, or type the eight digits under it.")
    ),
    "part_of_a_parcel": Text(
        N_("These goods lie in a parcel with others."), N_("Scan the code here and take out only what the page names.")
    ),
    "tail_unknown": Text(
        N_("Name and goods do not fit."), N_("Look for the order by phone, and ask for a second fact.")
    ),
    "tail_not_now": Text(N_("There is too little on the shelf to ask about."), N_("Look for the order by phone.")),
    "bad_tail": Text(N_("A phone's tail has four digits."), N_("Type it again.")),
    "no_tails": Text(N_("This shop knows nobody by her phone's tail."), N_("Ask for the code, or look by phone here.")),
    "bad_until": Text(N_("This time is over, or farther than a week."), N_("Choose another one.")),
    "too_many_neighbours": Text(
        N_("%(most)s others may collect this order already."), N_("Take one of their codes back first.")
    ),
    "unknown_neighbour": Text(N_("There is no such code."), N_("Load the page again.")),
    "not_ready": Text(
        N_("This order is still being sorted."), N_("Sort what is left of it, or ask the customer to wait.")
    ),
    "already_collected": Text(
        N_("It was handed over already."), N_("Look up the order to see when and by which way it was taken.")
    ),
    "cancelled": Text(
        N_("This order was cancelled."), N_("Nothing is to be handed over; the money goes back by itself.")
    ),
    "refused_order": Text(
        N_("This order was refused."), N_("Nothing is to be handed over; the money goes back by itself.")
    ),
    "nothing_left": Text(N_("Nothing of this order came."), N_("All of it was short and has been refunded.")),
    "given_up_refund": Text(
        N_("Nobody came in time; it was given up on %(at)s."),
        N_("The money goes back by itself. The owner decided it."),
    ),
    "given_up_void": Text(
        N_("Nobody came in time; it spoiled and was given up on %(at)s."), N_("Ask the owner, who decided it.")
    ),
    # windows, reminders, what nobody fetched
    "window_overlaps": Text(N_("Two of the windows overlap."), N_("Let the next one begin when the one before ends.")),
    "too_many_windows": Text(N_("That is more than %(most)s windows."), N_("Make them longer.")),
    "unknown_window": Text(N_("There is no such window."), N_("Load the page again.")),
    "window_in_use": Text(N_("Customers come in this window."), N_("Give their orders another window first.")),
    "call_settled": Text(N_("This call is settled."), N_("Load the list again.")),
    "not_on_the_shelf": Text(N_("This parcel is not on the shelf."), N_("Load the page again.")),
    "wrong_zone": Text(N_("That slot has another temperature."), N_("Choose a slot in zone %(zone)s.")),
    "window_runs": Text(N_("She may still come until %(at)s."), N_("Decide when her window is over.")),
    "restoring": Text(
        N_("The box was restored and does not know everything yet."),
        N_("Wait until it has asked the cloud; the owner's page says how far that is."),
    ),
    "not_restoring": Text(N_("The box waits for nothing."), N_("Load the page again.")),
    "unknown_recount": Text(N_("There is no such line on the list."), N_("Load the page again.")),
    "visit_over": Text(N_("This visit is over."), N_("Ask the customer to show the code once more.")),
    "more_than_ready": Text(
        N_("That is more than waits on the shelf."), N_("Look at the parcel again and take what is there.")
    ),
    "too_late_to_take_back": Text(
        N_("This hand-over is more than %(minutes)s minutes old."),
        N_("The owner takes it back, or the customer brings the goods back."),
    ),
    "brought_back": Text(N_("Some of it was brought back already."), N_("Look at the order and its tickets.")),
    "being_looked_for": Text(
        N_("All that is left of it is said to be missing."), N_("Find it first, or settle its ticket.")
    ),
    "nothing_missed": Text(N_("Nothing of this ticket is missing any more."), N_("Load the page again.")),
    "nothing_handed_over": Text(N_("Nothing went over the counter there."), N_("Look at the list of hand-overs.")),
    "no_receipts": Text(N_("This shop prints no receipts."), N_("The owner can change that in the settings.")),
    "call_over": Text(N_("Somebody has seen to this call."), N_("There is nothing more to do.")),
    "her_own": Text(N_("It is her own parcel."), N_("Choose who took it by mistake.")),
    "already_astray": Text(N_("It is on the list already."), N_("Call whoever took it.")),
    "not_astray": Text(N_("It is off the list already."), N_("Load the page again.")),
    "not_handed_over": Text(N_("Nothing of this parcel was handed over."), N_("Look at the parcel again.")),
    "no_reason": Text(N_("A reason is missing."), N_("Say in a few words why.")),
    "too_many_tries": Text(N_("Too many wrong codes."), N_("Wait a moment, or help the customer at the counter.")),
    # sorting
    "nothing_to_sort": Text(
        N_("There is nothing to sort in this session."), N_("Wait for orders, or choose another session.")
    ),
    "no_slots": Text(N_("The shelf has no slot in this zone."), N_("Add a shelf for it in the settings.")),
    "nothing_in_hand": Text(N_("There is nothing in your hand."), N_("Scan the item first.")),
    "slot_not_lit": Text(N_("Slot %(slot)s does not want it."), N_("Look which lamps are lit, and scan one of those.")),
    "which_slot": Text(N_("Several slots are lit."), N_("Scan the label of the slot that gets the %(units)s.")),
    "nothing_lit": Text(N_("No slot wants any more of it."), N_("Scan the next item, or NEXT.")),
    "nothing_to_undo": Text(N_("There is nothing to take back."), N_("Open the parcel to take something out of it.")),
    # weights and missing goods
    "bad_weight": Text(N_("No scale on a counter says that."), N_("Enter grams, up to %(most)s.")),
    "not_by_weight": Text(N_("It is not sold by weight."), N_("Say on its page how many grams one of it is.")),
    "weight_far_off": Text(
        N_("Usual would be %(usual)s g."), N_("Weigh it once more, or say that %(grams)s g is right.")
    ),
    "bad_price_digit": Text(N_("The scale's label was misread."), N_("Scan it again, or weigh it once more.")),
    "unknown_template": Text(N_("Nobody told the box how this scale writes."), N_("Add its template to the settings.")),
    "unknown_scale_code": Text(
        N_("No product has this number on the scale."), N_("The owner writes it on the product's page.")
    ),
    "scale_code_taken": Text(
        N_("%(sku)s has this number on the scale."), N_("Give the goods a number of their own there.")
    ),
    "pick_settled": Text(N_("It is decided already."), N_("Load the list again.")),
    "not_asked_yet": Text(N_("She wants to be asked first."), N_("Call her, then say what she answered.")),
    "dearer": Text(N_("That costs more."), N_("Choose something at the same price or less.")),
    "nothing_spare": Text(N_("None of it is there any more."), N_("Choose something else.")),
    "bad_answer": Text(N_("This answer is unknown."), N_("Load the list again.")),
    "not_to_be_asked": Text(N_("She did not ask to be called."), N_("Choose for her, or give the money back.")),
    # scans
    "nothing_read": Text(N_("The scanner said nothing."), N_("Scan again.")),
    "bad_check_digit": Text(N_("This barcode was misread."), N_("Smooth the wrapping and scan again.")),
    "unknown_slot": Text(
        N_("The shelf has no slot %(slot)s."), N_("Print the slot labels again if the shelf changed.")
    ),
    "unknown_command": Text(N_("This command is unknown here."), N_("Print the command sheet again.")),
    "picture_heic": Text(
        N_("The box cannot read pictures of this kind (HEIC)."),
        N_("On the phone: Settings, Camera, Formats, Most Compatible. Then take it again."),
    ),
    "picture_too_large": Text(N_("This picture is too large."), N_("Take it with the camera's normal setting.")),
    "picture_unreadable": Text(N_("This picture cannot be read."), N_("Take it again: JPEG, PNG or WebP.")),
    "picture_busy": Text(N_("The box is still looking at another picture."), N_("Try again in a moment.")),
    "bad_quantity": Text(N_("The quantity must be a whole number above zero."), N_("Type it again.")),
    "more_than_wanted": Text(
        N_("The parcel does not want that many."), N_("Somebody else may have put it, or it was cancelled. Look again.")
    ),
    "not_put": Text(N_("There is not that much in the slot to take back."), N_("Look at the parcel again.")),
    "unknown_barcode": Text(N_("No product has this barcode."), N_("Scan again, or search for the product by name.")),
    "not_in_wave": Text(N_("Nobody ordered this in the present wave."), N_("Put it back on its shelf.")),
    "nobody_wants_it": Text(N_("All of it has been put already."), N_("Put this one aside.")),
    "not_your_parcels": Text(
        N_("It is wanted in parcels that somebody else fills."), N_("Give it to them, or work on all waves.")
    ),
    "choose_product": Text(N_("Several products have this barcode."), N_("Choose the one in your hand.")),
    "not_an_item": Text(N_("This is the code of something else."), N_("Scan the product itself.")),
    "already_put": Text(
        N_("Somebody has put it already."), N_("%(by)s was quicker. Look at the slot, then go on with the next.")
    ),
    "two_people_here": Text(
        N_("Two people light this slot."), N_("Each taps it on her own phone, or scans the slot's label.")
    ),
    "too_many_stations": Text(
        N_("Too many people sort at once."), N_("Let somebody put her item down, or leave her station.")
    ),
    "unknown_wave": Text(N_("There is no such wave any more."), N_("Load the page again.")),
    "wave_of_clusters": Text(N_("The parcels of this wave are carried."), N_("Carry a few of its parcels instead.")),
    "no_cluster_left": Text(
        N_("Nobody is needed: all its parcels are carried or complete."),
        N_("Take another wave, or help where somebody carries."),
    ),
    "cluster_in_hand": Text(
        N_("The parcels that you carry are not complete yet."), N_("Finish cluster %(cluster)s first.")
    ),
    # preparing
    "unknown_sku": Text(N_("There is no such product."), N_("Add it to the catalog first.")),
    "barcode_taken": Text(
        N_("Another product has this barcode."), N_("Check the number, or change the other product.")
    ),
    "session_exists": Text(N_("There is a session with this number already."), N_("Choose another number.")),
    "session_without_items": Text(N_("A session needs something to sell."), N_("Add at least one product.")),
    "bad_times": Text(N_("The end must come after the beginning."), N_("Correct the times.")),
    "item_exists": Text(N_("This product is in the session already."), N_("Change its quantity instead.")),
    "not_enough_on_hand": Text(N_("There is less of it in the shop."), N_("Offer fewer, or receive goods first.")),
    "session_not_draft": Text(N_("The session has been opened already."), N_("Load the page again.")),
    "session_not_open": Text(N_("The session is not open."), N_("Load the page again.")),
    "unknown_session": Text(N_("There is no such session."), N_("Choose one from the list.")),
    "too_many_items": Text(N_("These are too many products for one session."), N_("Split it into two sessions.")),
    "not_on_hand": Text(
        N_("This product of the session is still to come."), N_("Receive it as the shop's own stock, or raise its cap.")
    ),
    # receiving
    "nothing_to_buy": Text(N_("Nothing is to be bought of this supplier."), N_("Load the page again.")),
    "list_changed": Text(
        N_("The list has changed since it was shown."), N_("Look at it once more, tell him what is new, then mark it.")
    ),
    "unknown_supplier": Text(N_("This session has nothing of that supplier."), N_("Choose one from the list.")),
    "unknown_delivery": Text(N_("There is no such delivery."), N_("Load the page again.")),
    "delivery_closed": Text(N_("This delivery is closed."), N_("Receive what came later as the shop's own stock.")),
    "delivery_begun": Text(N_("Something of it was counted already."), N_("Count the rest, then the owner closes it.")),
    "bad_date": Text(N_("This is no date."), N_("Write it as on the pack: year, month, day.")),
    "not_expected": Text(N_("This was not asked for."), N_("Keep it apart as wrong; the owner decides.")),
    "unknown_tally": Text(N_("There is no such count."), N_("Load the page again.")),
    "preview_stale": Text(N_("Something has changed since you looked."), N_("Look once more, then close it.")),
    "by_hand_does_not_fit": Text(
        N_("What is shared out by hand is not what is missing."), N_("Share out exactly %(units)s.")
    ),
    # allocating
    "nothing_lent": Text(N_("The cloud holds none that it was not asked for already."), N_("Wait for its answer.")),
    "more_than_there": Text(N_("There are not that many."), N_("%(there)s can be written off or decided on here.")),
    "unknown_correction": Text(N_("There is no such correction."), N_("Load the page again.")),
    "already_undone": Text(N_("It was taken back already."), N_("There is nothing more to do.")),
    "refund_told": Text(
        N_("Customers have been refunded and told."), N_("It cannot be taken back: receive the goods as new ones.")
    ),
    "too_late_to_undo": Text(N_("They are sold or lent by now."), N_("Take them off again instead, with a reason.")),
    # counting
    "bad_place": Text(N_("There is no such place to count."), N_("Choose one from the list.")),
    "count_over": Text(N_("This count is over."), N_("Begin another one.")),
    "not_counted": Text(N_("Nobody has counted it yet."), N_("Scan it, or type how many there are.")),
    "not_complete": Text(N_("Somebody is still counting."), N_("Say of each thing that it is complete first.")),
    "nothing_differs": Text(N_("Nothing that was counted differs."), N_("There is nothing to count again.")),
    "not_in_this_place": Text(N_("%(sku)s does not belong here."), N_("Put it where it belongs, and count it there.")),
    "which_item": Text(
        N_("This barcode stands on several products."), N_("Tap the right one in the list and type how many.")
    ),
    "bad_reason": Text(N_("There is no such reason."), N_("Choose one from the list.")),
    # selling
    "unknown_grant": Text(N_("These sales rights are unknown here."), N_("The order was refused and is refunded.")),
    "grant_closed": Text(N_("The sale of this product has ended."), N_("The order was refused and is refunded.")),
    "more_than_granted": Text(N_("More came back than was lent."), N_("Ask your technician to look at the cloud.")),
    "sold_out": Text(N_("It is sold out."), N_("Offer something else.")),
    "over_limit": Text(
        N_("This customer already has as many as one may buy."), N_("The order was refused and is refunded.")
    ),
    "nobody_waits": Text(N_("Nobody waits for a number to be called."), N_("Numbers are taken at the kiosk.")),
    "turn_over": Text(N_("This number is over."), N_("Take a new one.")),
    "numbers_off": Text(N_("This shop takes no numbers."), N_("Switch them on in the settings: door.numbers.")),
    "unknown_order": Text(N_("There is no such order."), N_("Look for it by phone or by code.")),
    "already_cancelled": Text(N_("This order was cancelled before."), N_("There is nothing more to do.")),
    "too_late": Text(N_("Sorting has begun."), N_("Open the order and cancel it there.")),
    "partly_imported": Text(
        N_("A part of this order came with an earlier import."), N_("Look at the earlier order; this one was left out.")
    ),
    # messages of the cloud, and aftercare
    "unknown_message": Text(N_("There is no such message."), N_("Load the page again.")),
    "message_settled": Text(N_("Somebody has settled this message already."), N_("Load the page again.")),
    "cannot_replay": Text(
        N_("This message cannot be tried again."), N_("Talk to the people who run your cloud, then mark it as seen to.")
    ),
    "still_not_understood": Text(
        N_("The box still does not understand it."), N_("A newer version may; until then it stays here.")
    ),
    "unknown_ticket": Text(N_("There is no such ticket."), N_("Load the page again.")),
    "ticket_moved": Text(N_("Somebody has gone on with this ticket."), N_("Load the page again.")),
    "no_outcome": Text(N_("The customer should read what became of it."), N_("Write a word or two.")),
    "unknown_request": Text(N_("There is no such request."), N_("Its photograph came alone.")),
    "request_exists": Text(N_("A request has this number already."), N_("The earlier one stands.")),
    "unknown_line": Text(N_("The order has no such line."), N_("Talk to the people who run your cloud.")),
    "more_than_bought": Text(N_("That is more than was bought."), N_("Look at the order and its other tickets.")),
    "bad_photo": Text(N_("The parts of a photograph do not fit each other."), N_("Ask the customer to send it again.")),
    "photo_too_large": Text(N_("A photograph is too large."), N_("Ask the customer for a smaller one.")),
    "too_many_photos": Text(N_("A ticket holds nine photographs."), N_("The others are left out.")),
    # paper
    "unknown_job": Text(N_("There is no such print."), N_("Load the page again.")),
    "job_moved": Text(N_("This print has moved on meanwhile."), N_("Load the page again.")),
    "batch_moved": Text(N_("This batch has moved on meanwhile."), N_("Load the page again.")),
    "no_reprint": Text(N_("This was no paper."), N_("Ask for it anew.")),
    "nothing_to_print": Text(
        N_("Nothing of it is to be printed."), N_("It is on paper already, or nothing is wanted there.")
    ),
    "too_much_paper": Text(
        N_("That is more paper than one batch takes."), N_("Sort in smaller waves, by window or by building.")
    ),
    "unknown_ticket_row": Text(N_("The ticket has no such line."), N_("Load the page again.")),
    "no_right": Text(N_("You may not open the drawer."), N_("Ask the owner.")),
    "bad_line": Text(N_("That is longer than a kiosk shows."), N_("Write at most %(most)s characters.")),
    # people
    "bad_name": Text(N_("A name has 1 to 40 characters."), N_("Type it again.")),
    "bad_role": Text(N_("There is no such role."), N_("Choose owner or staff.")),
    "unknown_user": Text(N_("Nobody here has this name."), N_("Choose one from the list.")),
    "last_owner": Text(N_("The shop needs at least one owner."), N_("Add another owner first.")),
}
"""Code of a `Refusal` -> its words."""

TROUBLES: dict[str, Text] = {
    # database
    "disk_full": Text(N_("The box's disk is full."), N_("Nothing is lost. Delete files or put in a larger card.")),
    "disk_reserve": Text(
        N_("The disk is full: new orders wait in the cloud."),
        N_("What is here can still be sorted and handed over. Delete files or put in a larger card."),
    ),
    "disk_low": Text(N_("The box's disk is almost full."), N_("Delete files or put in a larger card soon.")),
    "disk_read_only": Text(
        N_("The box cannot write to its disk."), N_("The card may be worn out. Call your technician.")
    ),
    "disk_failed": Text(N_("The box's disk failed."), N_("Restart the box; if it stays, call your technician.")),
    "database_failed": Text(
        N_("The shop's book could not be written."), N_("Try again; if it stays, restart the box.")
    ),
    "database_damaged": Text(N_("The shop's book is damaged."), N_("Call your technician; there are backups.")),
    "database_newer": Text(N_("A newer version has used this book."), N_("Install the newer version again.")),
    "database_busy": Text(N_("The box is busy."), N_("Wait a moment and try again.")),
    "database_closed": Text(N_("The box is shutting down."), N_("Try again in a minute.")),
    # camera
    "camera_not_set": Text(N_("This box has no camera."), N_("Customers type their eight digits.")),
    "camera_trouble": Text(N_("The camera does not work."), N_("Customers type their eight digits meanwhile.")),
    "camera_unplugged": Text(N_("The camera is unplugged."), N_("Put its plug in again; digits still work.")),
    "camera_hung": Text(N_("The camera has stopped."), N_("It is being restarted; digits still work.")),
    "camera_swollen": Text(
        N_("The camera program took too much memory."), N_("It is being restarted; digits still work.")
    ),
    "camera_died": Text(N_("The camera program ended."), N_("It is being restarted; digits still work.")),
    "camera_missing_driver": Text(
        N_("The camera's driver is not installed."), N_("Call your technician; digits still work.")
    ),
    "camera_picture_unreadable": Text(N_("A picture before the camera cannot be read."), N_("Use another picture.")),
    # scanners
    "scanner_trouble": Text(N_("The scanner does not work."), N_("Pull its plug and put it in again.")),
    "scanner_unplugged": Text(N_("The scanner is unplugged."), N_("Put its plug in again, or charge it.")),
    "scanner_taken": Text(N_("The scanner belongs to another program."), N_("Call your technician.")),
    # printers
    "printer_not_set": Text(N_("This box has no such printer."), N_("Paper waits until there is one.")),
    "printer_trouble": Text(N_("The printer does not work."), N_("Turn it off and on; nothing is printed twice.")),
    "printer_unreachable": Text(N_("The printer does not answer."), N_("Check its power and its cable.")),
    "printer_missing_driver": Text(N_("The printer's driver is not installed."), N_("Call your technician.")),
    "printer_paper_out": Text(N_("The printer is out of paper."), N_("Put in a new roll; it goes on by itself.")),
    "printer_cover_open": Text(N_("The printer's cover is open."), N_("Close it; it goes on by itself.")),
    "printer_faulty": Text(N_("The printer reports a fault."), N_("Turn it off, look for jammed paper, turn it on.")),
    "printer_offline": Text(N_("The printer is paused."), N_("Press its feed button.")),
    "printer_silent": Text(
        N_("The printer fell silent in the middle."), N_("See whether the paper came out, then decide.")
    ),
    # lights
    "lights_not_set": Text(N_("This box has no shelf lights."), N_("Go by the slot number on the screen.")),
    "lights_trouble": Text(N_("The shelf lights do not work."), N_("Go by the slot number on the screen.")),
    "lights_missing_driver": Text(N_("The driver of the shelf lights is not installed."), N_("Call your technician.")),
    "lights_unreachable": Text(
        N_("The shelf lights cannot be reached."), N_("Check their cable; slot numbers still work.")
    ),
    "lights_silent": Text(
        N_("The shelf lights do not answer."), N_("Check their cable and supply; go by the slot number meanwhile.")
    ),
    "lamp_silent": Text(
        N_("The lamp of %(slots)s is silent."), N_("Go by the number there, and test it when there is time.")
    ),
    "lamp_out_of_range": Text(N_("%(slots)s has no lamp."), N_("Go by the number there.")),
    "buttons_trouble": Text(N_("The buttons on the shelf do not work."), N_("Tap the slot on the screen instead.")),
    "buttons_unreachable": Text(
        N_("The buttons on the shelf cannot be read."), N_("Tap the slot on the screen, and check their cable.")
    ),
    "button_stuck": Text(
        N_("The button of %(slots)s is stuck."), N_("It is ignored until it is free; tap the slot on the screen.")
    ),
    "speech_trouble": Text(N_("The kiosk cannot speak."), N_("The screen says everything meanwhile.")),
    "speech_missing_engine": Text(
        N_("The program that speaks is not installed."), N_("Install espeak-ng; the screen says everything meanwhile.")
    ),
    "speech_silent": Text(
        N_("The kiosk's voice is silent."), N_("The screen says everything. If it stays, call your technician.")
    ),
    "screen_silent": Text(
        N_("The screen of this kiosk does not answer."),
        N_("Look whether it is on: it opens its page by itself. Customers can come to the counter meanwhile."),
    ),
    "lamp_pin_taken": Text(N_("Two slots share one lamp."), N_("Give each its own pin in the settings.")),
    # cloud
    "cloud_not_set": Text(N_("The shop works without the cloud."), N_("Set it up in the settings to sell online.")),
    "cloud_connecting": Text(N_("The box is offline."), N_("The shop works on; everything is sent later.")),
    "broker_unreachable": Text(N_("The box is offline."), N_("The shop works on; everything is sent later.")),
    "cloud_silent": Text(
        N_("The box is connected, but the cloud does not answer."),
        N_("The shop works on. If it stays, ask your technician whether the broker lets this box speak and listen."),
    ),
    "broker_refused_login": Text(
        N_("The cloud does not know this box."), N_("Renew its name and password in the settings.")
    ),
    "broker_refused_topic": Text(
        N_("The cloud does not let this box listen."), N_("Ask your technician to look at its rights.")
    ),
    "broker_certificate": Text(N_("The box and the cloud do not trust each other."), N_("Renew the certificates.")),
    "clock_not_set": Text(N_("The box's clock is wrong."), N_("Let it reach the internet, or set the clock.")),
    "clock_unsure": Text(
        N_("Nobody vouches for the box's clock: times on receipts and pages may be wrong."),
        N_("Let it reach the internet for a minute, or fit a clock module. Everything else works on."),
    ),
    "restoring": Text(
        N_("The box was restored and asks the cloud what it does not know."),
        N_("Until then it hands nothing over and sells nothing; the owner sees how far it is."),
    ),
    "restoring_stuck": Text(
        N_("The box was restored, and the cloud cannot tell what happened since."),
        N_("The owner decides whether to go on without it."),
    ),
    "restoring_passed": Text(
        N_("The box goes on without knowing everything."),
        N_("Look twice before goods go out; the cloud is still asked."),
    ),
    "guessing": Text(
        N_("Somebody guesses pickup codes: %(doors)s."), N_("Look who stands there. QR codes still work; digits wait.")
    ),
    "code_shown_again": Text(
        N_("The code of %(name)s was shown again (%(kiosk)s) after all of it was taken (%(at)s)."),
        N_("If it was not she, somebody has a picture of it: talk to her, and look who came first."),
    ),
    "thread_failing": Text(N_("A part of the box keeps failing."), N_("It tries again by itself; the log says more.")),
    "device_trouble": Text(N_("A device does not work."), N_("Check its power and its cable.")),
}
"""Code of a part in trouble, or of a `DatabaseTrouble` -> its words."""

PARTS = {
    "codes": N_("Pickup codes"),
    "camera": N_("Camera"),
    "printer_label": N_("Label printer"),
    "printer_receipt": N_("Receipt printer"),
    "lights": N_("Shelf lights"),
    "buttons": N_("Shelf buttons"),
    "speech": N_("Voice"),
    "cloud": N_("Cloud"),
    "restore": N_("Restore"),
    "ledger": N_("Book"),
    "disk": N_("Disk"),
    "clock": N_("Clock"),
}
"""Name of a part of the box -> its word. Parts that are threads have none: they show their own name."""

DOORS = {
    "kiosk": N_("Kiosk %(name)s"),
    "kiosks": N_("All kiosks"),
    "login": N_("The phone of %(name)s"),
    "logins": N_("All staff phones"),
    "tails": N_("Phone tails at the kiosks"),
}
"""Where codes can be guessed."""

PROBLEMS: dict[str, Text] = {
    "no_such_page": Text(N_("There is no such page."), N_("Go back, or begin at the first page.")),
    "not_yours": Text(N_("This page is for the owner."), N_("Log in as the owner to see it.")),
    "log_in_first": Text(N_("You are not logged in."), N_("Log in and try again.")),
    "foreign_page": Text(N_("Another page tried to send this."), N_("Open the shop's own page and do it there.")),
    "too_large": Text(N_("That is too large."), N_("Send a smaller file.")),
    "not_understood": Text(N_("Something in the form is missing or wrong."), N_("Check it and send it again.")),
    "too_many_pages": Text(N_("Too many pages are open."), N_("Close some of them.")),
    "no_picture": Text(N_("This is no picture that the camera could see."), N_("Choose a PNG or a JPEG.")),
    "no_such_part": Text(N_("This demo has no such part."), N_("Break another one.")),
    "broken": Text(N_("Something went wrong in the box."), N_("Try again; if it stays, the log says more.")),
}

KIOSK: dict[str, Text] = {
    "unknown_code": Text(
        N_("We could not find this code"),
        N_("Turn up your phone's brightness and hold it there once more, or call our staff."),
    ),
    "other_shop": Text(
        N_("This order waits at another shop: %(store)s"), N_("Please look at the pickup address in your order.")
    ),
    "revoked": Text(
        N_("This code was replaced by a newer one"), N_("Please open your order again: it shows the present code.")
    ),
    "expired": Text(
        N_("The time of this code is over"), N_("Please call our staff. They see what became of the order.")
    ),
    "stale_code": Text(
        N_("This picture of a code is old"),
        N_("Please open the code in the mini program; it changes every half minute."),
    ),
    "live_code_only": Text(
        N_("Please show the code in the mini program itself"),
        N_("Here it is one that changes. With digits or paper, please call our staff."),
    ),
    "clock_unsure": Text(
        N_("Our clock is being set"), N_("Your code is fine. Please call our staff, who hand your goods over.")
    ),
    "payment_code": Text(
        N_("This is a payment code"), N_("It was neither charged nor kept. Please show the pickup code of your order.")
    ),
    "web_page": Text(N_("This code leads to a web page"), N_("Please show the pickup code of your order.")),
    "goods_code": Text(N_("This is the barcode of goods"), N_("Please show the pickup code of your order.")),
    "damaged_code": Text(
        N_("A part of this code is missing"), N_("Please show all of it once more, or type the eight digits under it.")
    ),
    "part_of_a_parcel": Text(
        N_("Your goods lie in a bag with others"), N_("Please call our staff, who take them out for you.")
    ),
    "tail_unknown": Text(
        N_("We could not recognise you by that"), N_("Please show your pickup code, or call our staff.")
    ),
    "tail_not_now": Text(N_("That does not work just now"), N_("Please show your pickup code, or call our staff.")),
    "not_ready": Text(
        N_("Your order is not ready yet"), N_("Pickup is at this time. We let you know when it is ready.")
    ),
    "already_collected": Text(
        N_("This order was collected already"), N_("If that was not you or your family, please call our staff.")
    ),
    "cancelled": Text(N_("This order was cancelled"), N_("Your money goes back the way it came.")),
    "refused_order": Text(N_("This order could not be accepted"), N_("Your money goes back the way it came.")),
    "nothing_left": Text(
        N_("Sorry, nothing of this order arrived"), N_("Your money goes back the way it came. Our staff can explain.")
    ),
    "given_up_refund": Text(
        N_("Nobody came for this order in time"), N_("Your money goes back the way it came. Our staff can explain.")
    ),
    "given_up_void": Text(
        N_("Nobody came for this order in time"), N_("It could not be kept any longer. Please call our staff.")
    ),
    "restoring": Text(N_("Pickup pauses for a moment"), N_("Please call our staff. Your order is safe.")),
    "being_looked_for": Text(
        N_("We are still looking for what is missing"), N_("Our staff knows. Please wait, or call our staff.")
    ),
    "more_than_ready": Text(N_("Something has changed just now"), N_("Please show your code once more.")),
    "more_than_bought": Text(N_("We know already"), N_("Our staff is told what is missing. Please wait a moment.")),
    "visit_over": Text(N_("That took a little long"), N_("Please show your code once more.")),
    "two_codes": Text(N_("One code at a time, please"), N_("Two phones lie there. Take one away; the other is read.")),
    "too_many_tries": Text(N_("Too many wrong digits"), N_("Please show your code to the camera, or call our staff.")),
    "too_many_numbers": Text(N_("Please wait a moment"), N_("Several numbers were just taken here. Try again soon.")),
    "nobody_called": Text(N_("The call did not go out"), N_("Please come to the counter.")),
}
"""What a kiosk cannot help with, said to a customer."""

CLOSED = {
    "ledger": Text(N_("Pickup pauses for a moment"), N_("Please come to the counter. Your goods are safe.")),
    "restoring": KIOSK["restoring"],
}
"""Why a whole kiosk pauses -> what it says."""


def say(text: Text, facts: Mapping[str, object], language: Language) -> Text:
    """A text in a language, with its facts filled in."""
    words = {name: _word(name, value, language) for name, value in facts.items()}
    what, then = (_fill(language.translate(sentence), words) if sentence else "" for sentence in text)
    return Text(what, then)


def _fill(sentence: str, words: Mapping[str, str]) -> str:
    return sentence % words if "%(" in sentence else sentence


def _word(name: str, value: object, language: Language) -> str:
    if name == "at" and isinstance(value, int):
        return language.moments.moment(value)
    if name == "window" and isinstance(value, list | tuple):
        return language.moments.window(value)
    if name == "zone" and str(value) in ZONES:
        return language.translate(ZONES[str(value)])
    if name == "doors" and isinstance(value, list | tuple):
        return ", ".join(door_word(str(door), language) for door in value)
    return str(value)


def door_word(door: str, language: Language) -> str:
    """Where somebody guesses codes, as in `tihuo.shop.guesses`."""
    kind, _, name = door.partition(" ")
    return language.translate(DOORS.get(kind, kind)) % {"name": name}
