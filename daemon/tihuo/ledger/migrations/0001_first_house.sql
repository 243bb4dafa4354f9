CREATE TABLE keep (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE once (key TEXT PRIMARY KEY, entry INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE parked (
	id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
	payload BLOB NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL DEFAULT '', answer_epoch INTEGER, settled_at INTEGER, settled_by TEXT,
	settled_how TEXT
);
CREATE INDEX parked_open ON parked (id) WHERE settled_at IS NULL;
CREATE TABLE journal (
	entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, sure INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
	data BLOB NOT NULL, up_epoch INTEGER, up_seq INTEGER, ticks INTEGER NOT NULL
);
CREATE UNIQUE INDEX journal_up ON journal (up_epoch, up_seq) WHERE up_seq IS NOT NULL;
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TABLE seal (
	entry INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, at INTEGER NOT NULL, sure INTEGER NOT NULL, ticks INTEGER NOT NULL,
	body BLOB NOT NULL, hash BLOB NOT NULL, marks BLOB NOT NULL
);
CREATE TABLE journal_about (subject INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (subject, entry)) WITHOUT ROWID;
CREATE TRIGGER seal_is_never_changed BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TRIGGER seal_is_never_cut BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
INSERT INTO keep VALUES ('epoch', '1');
INSERT INTO keep VALUES ('grants', '0');
INSERT INTO keep VALUES ('code_key', lower(hex(randomblob(32))));
INSERT INTO keep VALUES ('session_key', lower(hex(randomblob(32))));

CREATE TABLE product (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	supplier VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
CREATE TABLE live_session (
	id VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	starts_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('draft', 'open', 'closed'))
)
 WITHOUT ROWID;
CREATE TABLE shop_order (
	no INTEGER NOT NULL,
	order_id VARCHAR NOT NULL,
	session_id VARCHAR NOT NULL,
	customer_id VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	placed_at INTEGER NOT NULL,
	paid_at INTEGER NOT NULL,
	accepted_at INTEGER NOT NULL,
	paid_fen INTEGER NOT NULL,
	refunded_fen INTEGER NOT NULL,
	refunds INTEGER NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	substitution VARCHAR NOT NULL,
	provider VARCHAR NOT NULL,
	transaction_id VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	PRIMARY KEY (no),
	CHECK (state = 'accepted' OR state = 'refused' OR state = 'cancelled'),
	CONSTRAINT never_refund_more_than_paid CHECK (refunded_fen >= 0 AND refunded_fen <= paid_fen),
	UNIQUE (order_id)
);
CREATE TABLE customer (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	phone VARCHAR NOT NULL,
	door VARCHAR NOT NULL,
	first_seen INTEGER DEFAULT 0 NOT NULL,
	PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE dead_lamp (
	slot VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (slot),
	CHECK (why IN ('dark', 'silent'))
)
 WITHOUT ROWID;
CREATE TABLE station (
	name VARCHAR NOT NULL,
	wave_id INTEGER,
	cluster INTEGER,
	picker INTEGER,
	sku_id INTEGER,
	actor VARCHAR NOT NULL,
	refusal VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	scanned_at INTEGER NOT NULL,
	grams INTEGER DEFAULT 0 NOT NULL,
	seen INTEGER DEFAULT 0 NOT NULL,
	PRIMARY KEY (name),
	UNIQUE (picker)
)
 WITHOUT ROWID;
CREATE TABLE scan_aside (
	station VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	last VARCHAR NOT NULL,
	PRIMARY KEY (station)
)
 WITHOUT ROWID;
CREATE TABLE visit (
	id INTEGER NOT NULL,
	kiosk VARCHAR NOT NULL,
	order_no INTEGER,
	customer_id VARCHAR,
	outcome VARCHAR NOT NULL,
	facts VARCHAR NOT NULL,
	method VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	closed_at INTEGER,
	given_before INTEGER NOT NULL,
	known_by VARCHAR DEFAULT '' NOT NULL,
	delegation INTEGER,
	PRIMARY KEY (id)
);
CREATE TABLE code_turn (
	no INTEGER NOT NULL,
	order_no INTEGER NOT NULL,
	turn INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (no),
	CHECK (turn > 0),
	UNIQUE (order_no, turn),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE TABLE delegation (
	no INTEGER NOT NULL,
	delegation_id VARCHAR NOT NULL,
	order_no INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	until INTEGER NOT NULL,
	some INTEGER NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (no),
	UNIQUE (delegation_id),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE INDEX ix_delegation_order_no ON delegation (order_no);
CREATE TABLE delegation_line (
	delegation_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	PRIMARY KEY (delegation_no, line_no),
	FOREIGN KEY(delegation_no) REFERENCES delegation (no)
)
 WITHOUT ROWID;
CREATE TABLE guess_door (
	door VARCHAR NOT NULL,
	wrong INTEGER NOT NULL,
	counted_at INTEGER NOT NULL,
	pause INTEGER NOT NULL,
	free_at INTEGER NOT NULL,
	PRIMARY KEY (door)
)
 WITHOUT ROWID;
CREATE TABLE turn (
	id INTEGER NOT NULL,
	series INTEGER NOT NULL,
	day VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	order_no INTEGER,
	kiosk VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	taken_at INTEGER NOT NULL,
	taken_ticks INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	to_kiosk VARCHAR NOT NULL,
	called_at INTEGER,
	called_ticks INTEGER,
	last_call_ticks INTEGER NOT NULL,
	visit_before INTEGER NOT NULL,
	visit_id INTEGER,
	served_at INTEGER,
	served_ticks INTEGER,
	given_ticks INTEGER,
	PRIMARY KEY (id),
	UNIQUE (series, number),
	CHECK (state IN ('waiting', 'called', 'served', 'done', 'gone'))
);
CREATE INDEX turn_open ON turn (id) WHERE state IN ('waiting', 'called', 'served');
CREATE TABLE handover_line (
	id INTEGER NOT NULL,
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	parcel_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	method VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	visit_id INTEGER,
	undone_at INTEGER,
	handover INTEGER,
	shown_no INTEGER,
	delegate VARCHAR DEFAULT '' NOT NULL,
	ticks INTEGER DEFAULT 0 NOT NULL,
	undone_by VARCHAR DEFAULT '' NOT NULL,
	undone_why VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	CHECK (quantity > 0)
);
CREATE INDEX ix_handover_line_order_no ON handover_line (order_no);
CREATE TABLE staff_call (
	id INTEGER NOT NULL,
	kiosk VARCHAR NOT NULL,
	visit_id INTEGER,
	what VARCHAR NOT NULL,
	parcels VARCHAR DEFAULT '[]' NOT NULL,
	at INTEGER NOT NULL,
	ticks INTEGER NOT NULL,
	answered_by VARCHAR DEFAULT '' NOT NULL,
	closed_at INTEGER,
	PRIMARY KEY (id),
	CHECK (what IN ('call', 'parcel', 'goods', 'not_hers'))
);
CREATE INDEX staff_call_open ON staff_call (id) WHERE closed_at IS NULL;
CREATE TABLE astray (
	parcel_id INTEGER NOT NULL,
	holder_no INTEGER NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (parcel_id),
	FOREIGN KEY(parcel_id) REFERENCES parcel (id),
	FOREIGN KEY(holder_no) REFERENCES shop_order (no)
)
 WITHOUT ROWID;
CREATE TABLE print_job (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	copy_no INTEGER NOT NULL,
	content VARCHAR NOT NULL,
	zone VARCHAR NOT NULL,
	printer VARCHAR NOT NULL,
	batch_id INTEGER,
	state VARCHAR NOT NULL,
	trouble VARCHAR NOT NULL,
	queued_at INTEGER NOT NULL,
	queued_ticks INTEGER NOT NULL,
	moved_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('queued', 'sending', 'printed', 'doubtful', 'expired', 'cancelled')),
	CHECK (kind IN ('label', 'receipt', 'test', 'list', 'slot', 'sheet', 'calibration', 'drawer')),
	FOREIGN KEY(batch_id) REFERENCES print_batch (id)
);
CREATE INDEX ix_print_job_state ON print_job (state);
CREATE INDEX ix_print_job_subject ON print_job (subject);
CREATE INDEX ix_print_job_batch_id ON print_job (batch_id);
CREATE TABLE print_batch (
	id INTEGER NOT NULL,
	subject VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	made_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('printing', 'paused', 'cancelled'))
);
CREATE TABLE shop_user (
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	pin_hash VARCHAR NOT NULL,
	renewed INTEGER NOT NULL,
	PRIMARY KEY (name),
	CHECK (role IN ('owner', 'staff'))
)
 WITHOUT ROWID;
CREATE TABLE sku (
	id INTEGER NOT NULL,
	code VARCHAR NOT NULL,
	product_id INTEGER NOT NULL,
	spec VARCHAR NOT NULL,
	unit VARCHAR NOT NULL,
	barcode VARCHAR,
	zone VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	on_hand INTEGER NOT NULL,
	nominal_grams INTEGER,
	scale_code VARCHAR,
	PRIMARY KEY (id),
	CHECK (price_fen >= 0),
	CHECK (on_hand >= 0),
	CHECK (zone IN ('ambient', 'chilled', 'frozen')),
	CHECK (nominal_grams IS NULL OR nominal_grams > 0),
	UNIQUE (code),
	FOREIGN KEY(product_id) REFERENCES product (id),
	UNIQUE (scale_code)
);
CREATE TABLE wave (
	id INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	done_at INTEGER,
	window_from INTEGER,
	building VARCHAR DEFAULT '' NOT NULL,
	cluster_of INTEGER DEFAULT 0 NOT NULL,
	PRIMARY KEY (id),
	CHECK (cluster_of >= 0),
	CHECK (state IN ('open', 'done')),
	FOREIGN KEY(session_id) REFERENCES live_session (id)
);
CREATE TABLE item_terms (
	no INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	limit_per_customer INTEGER,
	arrives_on VARCHAR,
	cap_set_by VARCHAR NOT NULL,
	reserve INTEGER,
	PRIMARY KEY (no),
	UNIQUE (session_id, sku_id),
	CHECK (reserve IS NULL OR reserve >= 0),
	CHECK (kind IN ('on_hand', 'presale')),
	CHECK (limit_per_customer IS NULL OR limit_per_customer > 0),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
);
CREATE TABLE item_rights (
	no INTEGER NOT NULL,
	minted INTEGER NOT NULL,
	free INTEGER NOT NULL,
	granted INTEGER NOT NULL,
	ordered INTEGER NOT NULL,
	quarantine INTEGER NOT NULL,
	handed_over INTEGER NOT NULL,
	void INTEGER NOT NULL,
	owed INTEGER NOT NULL,
	cap INTEGER NOT NULL,
	offered INTEGER NOT NULL,
	walk_in INTEGER NOT NULL,
	unsold INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (no),
	CONSTRAINT every_right_in_one_place CHECK (minted = free + granted + ordered + quarantine + handed_over + void),
	CONSTRAINT free_not_negative CHECK (free >= 0),
	CONSTRAINT granted_not_negative CHECK (granted >= 0),
	CONSTRAINT ordered_not_negative CHECK (ordered >= 0),
	CONSTRAINT quarantine_not_negative CHECK (quarantine >= 0),
	CONSTRAINT handed_over_not_negative CHECK (handed_over >= 0),
	CONSTRAINT void_not_negative CHECK (void >= 0),
	CONSTRAINT what_is_ordered_is_there CHECK (owed BETWEEN 0 AND granted),
	CONSTRAINT free_units_make_good_first CHECK (free = 0 OR (owed = 0 AND offered = cap)),
	CONSTRAINT the_counter_sells_over_the_counter CHECK (walk_in BETWEEN 0 AND handed_over),
	CHECK (cap BETWEEN 0 AND offered),
	CHECK (unsold >= 0),
	FOREIGN KEY(no) REFERENCES item_terms (no)
);
CREATE VIEW session_item AS
	SELECT session_id, sku_id, kind, price_fen, limit_per_customer, arrives_on, cap, cap_set_by, offered, reserve,
		walk_in, owed, unsold, minted, free, granted, ordered, quarantine, handed_over, void, version
	FROM item_terms JOIN item_rights USING (no);
CREATE TABLE grant_terms (
	no INTEGER NOT NULL,
	id VARCHAR NOT NULL,
	item_no INTEGER NOT NULL,
	channel VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	said_sold INTEGER,
	state VARCHAR NOT NULL,
	sell_until INTEGER NOT NULL,
	PRIMARY KEY (no),
	UNIQUE (id),
	CHECK (refused >= 0),
	CHECK (state IN ('open', 'closed')),
	FOREIGN KEY(item_no) REFERENCES item_terms (no)
);
CREATE TABLE grant_rights (
	no INTEGER NOT NULL,
	issued INTEGER NOT NULL,
	remaining INTEGER NOT NULL,
	sold INTEGER NOT NULL,
	returned INTEGER NOT NULL,
	asked INTEGER NOT NULL,
	unsold INTEGER NOT NULL,
	PRIMARY KEY (no),
	CONSTRAINT every_granted_right_in_one_place CHECK (issued = remaining + sold + returned),
	CONSTRAINT nobody_is_asked_for_more_than_he_has CHECK (asked BETWEEN 0 AND remaining),
	CHECK (remaining >= 0 AND sold >= 0 AND returned >= 0),
	CHECK (unsold BETWEEN 0 AND returned),
	FOREIGN KEY(no) REFERENCES grant_terms (no)
);
CREATE VIEW stock_grant AS
	SELECT g.id, i.session_id, i.sku_id, g.channel, g.price_fen, r.issued, r.remaining, r.sold, r.returned, r.asked, r.unsold,
		g.refused, g.said_sold, g.state, g.sell_until
	FROM grant_terms g JOIN grant_rights r ON r.no = g.no JOIN item_terms i ON i.no = g.item_no;
CREATE TABLE shortage (
	id INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	covered INTEGER NOT NULL,
	short INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	policy VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	settled_at INTEGER,
	PRIMARY KEY (id),
	CHECK (quantity > 0 AND covered >= 0 AND short >= 0),
	CONSTRAINT each_missing_unit_is_made_good_once CHECK (covered + short <= quantity),
	CONSTRAINT settled_when_nothing_is_owed CHECK ((settled_at IS NULL) = (covered + short < quantity)),
	CHECK (policy IN ('first_paid', 'pro_rata', 'one_each', 'by_hand')),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
);
CREATE INDEX shortage_of_item ON shortage (session_id, sku_id);
CREATE INDEX ix_grant_terms_item_no ON grant_terms (item_no);
CREATE INDEX item_terms_of_sku ON item_terms (sku_id);
CREATE TABLE unit_move (
	item_no INTEGER NOT NULL,
	n INTEGER NOT NULL,
	entry INTEGER NOT NULL,
	free INTEGER NOT NULL,
	granted INTEGER NOT NULL,
	ordered INTEGER NOT NULL,
	quarantine INTEGER NOT NULL,
	handed_over INTEGER NOT NULL,
	void INTEGER NOT NULL,
	owed INTEGER NOT NULL,
	held INTEGER NOT NULL,
	PRIMARY KEY (item_no, n),
	FOREIGN KEY(item_no) REFERENCES item_terms (no)
)
 WITHOUT ROWID;
CREATE TABLE stock_move (
	sku_id INTEGER NOT NULL,
	n INTEGER NOT NULL,
	entry INTEGER NOT NULL,
	on_hand INTEGER NOT NULL,
	PRIMARY KEY (sku_id, n),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TRIGGER units_move AFTER UPDATE OF minted, free, quarantine, handed_over, void, owed ON item_rights
WHEN NEW.minted <> OLD.minted OR NEW.free <> OLD.free OR NEW.quarantine <> OLD.quarantine
	OR NEW.handed_over <> OLD.handed_over OR NEW.void <> OLD.void OR NEW.owed <> OLD.owed
BEGIN
	INSERT INTO unit_move VALUES (
		NEW.no, (SELECT coalesce(max(n), 0) + 1 FROM unit_move WHERE item_no = NEW.no),
		(SELECT coalesce(max(entry), 0) + 1 FROM journal), NEW.free - OLD.free, NEW.granted - OLD.granted,
		NEW.ordered - OLD.ordered, NEW.quarantine - OLD.quarantine, NEW.handed_over - OLD.handed_over,
		NEW.void - OLD.void, NEW.owed - OLD.owed, NEW.granted
	);
END;
CREATE TRIGGER stock_moves AFTER UPDATE OF on_hand ON sku WHEN NEW.on_hand <> OLD.on_hand BEGIN
	INSERT INTO stock_move VALUES (
		NEW.id, (SELECT coalesce(max(n), 0) + 1 FROM stock_move WHERE sku_id = NEW.id),
		(SELECT coalesce(max(entry), 0) + 1 FROM journal), NEW.on_hand - OLD.on_hand
	);
END;
CREATE TABLE correction (
	id INTEGER NOT NULL,
	sku_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	on_hand INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	losses VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	count_id INTEGER,
	photo BLOB,
	undone_at INTEGER,
	undone_by VARCHAR NOT NULL,
	PRIMARY KEY (id),
	CHECK (quantity <> 0),
	FOREIGN KEY(sku_id) REFERENCES sku (id),
	FOREIGN KEY(count_id) REFERENCES stock_count (id)
);
CREATE INDEX ix_correction_sku_id ON correction (sku_id);
CREATE INDEX correction_with_photo ON correction (id) WHERE photo IS NOT NULL;
CREATE TABLE stock_count (
	id INTEGER NOT NULL,
	place VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_by VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	closed_by VARCHAR NOT NULL,
	closed_at INTEGER,
	PRIMARY KEY (id),
	CHECK (place IN ('all', 'zone', 'supplier')),
	CHECK (state IN ('open', 'applied', 'dropped'))
);
CREATE UNIQUE INDEX one_count_of_a_place ON stock_count (place, name) WHERE state = 'open';
CREATE TABLE count_line (
	count_id INTEGER NOT NULL,
	sku_id INTEGER NOT NULL,
	counted INTEGER NOT NULL,
	expected INTEGER,
	to_come INTEGER NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	rounds INTEGER NOT NULL,
	PRIMARY KEY (count_id, sku_id),
	CHECK (counted >= 0),
	FOREIGN KEY(count_id) REFERENCES stock_count (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE order_line (
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	line_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	grant_id VARCHAR NOT NULL,
	quantity INTEGER NOT NULL,
	unit_price_fen INTEGER NOT NULL,
	put INTEGER NOT NULL,
	short INTEGER NOT NULL,
	cancelled INTEGER NOT NULL,
	handed_over INTEGER NOT NULL,
	parcel_id INTEGER,
	put_by VARCHAR DEFAULT '' NOT NULL,
	picked_grams INTEGER DEFAULT 0 NOT NULL,
	weighed INTEGER DEFAULT 0 NOT NULL,
	billed_grams INTEGER DEFAULT 0 NOT NULL,
	gone_fen INTEGER DEFAULT 0 NOT NULL,
	instead_of INTEGER,
	PRIMARY KEY (order_no, line_no),
	CHECK (quantity > 0 AND put >= 0 AND short >= 0 AND cancelled >= 0 AND handed_over >= 0),
	CHECK (picked_grams >= 0 AND weighed >= 0 AND billed_grams >= 0),
	CONSTRAINT no_more_goes_back_than_a_line_cost CHECK (gone_fen BETWEEN 0 AND quantity * unit_price_fen),
	CONSTRAINT never_more_than_ordered CHECK (put + short + cancelled <= quantity),
	CONSTRAINT never_handed_over_twice CHECK (handed_over <= put),
	FOREIGN KEY(order_no) REFERENCES shop_order (no),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE short_pick (
	id INTEGER NOT NULL,
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	rule VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_by VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	answer VARCHAR NOT NULL,
	answered_by VARCHAR NOT NULL,
	answered_at INTEGER,
	refund_id VARCHAR NOT NULL,
	refund_fen INTEGER NOT NULL,
	new_line_no INTEGER,
	settled_by VARCHAR NOT NULL,
	settled_at INTEGER,
	PRIMARY KEY (id),
	CHECK (quantity > 0 AND refund_fen >= 0 AND calls >= 0),
	CHECK (rule IN ('refund', 'similar', 'ask')),
	CHECK (state IN ('open', 'refunded', 'substituted')),
	CHECK (answer IN ('', 'yes', 'no', 'nobody')),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE INDEX short_pick_of_line ON short_pick (order_no, line_no);
CREATE INDEX short_pick_open ON short_pick (id) WHERE state = 'open';
CREATE TABLE parcel (
	id INTEGER NOT NULL,
	wave_id INTEGER NOT NULL,
	customer_id VARCHAR NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	zone VARCHAR NOT NULL,
	slot VARCHAR NOT NULL,
	place INTEGER NOT NULL,
	number INTEGER NOT NULL,
	of_total INTEGER NOT NULL,
	cluster INTEGER DEFAULT 0 NOT NULL,
	state VARCHAR NOT NULL,
	ready_at INTEGER,
	handed_over_at INTEGER,
	PRIMARY KEY (id),
	CHECK (state IN ('sorting', 'ready', 'empty', 'handed_over')),
	CHECK (number BETWEEN 1 AND of_total),
	FOREIGN KEY(wave_id) REFERENCES wave (id),
	FOREIGN KEY(customer_id) REFERENCES customer (id)
);
CREATE INDEX ix_parcel_wave_id ON parcel (wave_id);
CREATE INDEX ix_parcel_customer_id ON parcel (customer_id);
CREATE TABLE service_ticket (
	no INTEGER NOT NULL,
	ticket_id VARCHAR NOT NULL,
	request_id VARCHAR NOT NULL,
	order_no INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	outcome VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	moved_at INTEGER NOT NULL,
	missed VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (no),
	CHECK (state IN ('open', 'in_progress', 'done', 'rejected')),
	CHECK (kind IN ('return', 'exchange', 'refund_only')),
	UNIQUE (ticket_id),
	UNIQUE (request_id),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE INDEX ix_service_ticket_order_no ON service_ticket (order_no);
CREATE TABLE ticket_line (
	ticket_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	PRIMARY KEY (ticket_no, line_no),
	CHECK (quantity > 0),
	FOREIGN KEY(ticket_no) REFERENCES service_ticket (no)
)
 WITHOUT ROWID;
CREATE TABLE missed_line (
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	ticket_no INTEGER NOT NULL,
	PRIMARY KEY (order_no, line_no),
	CHECK (quantity > 0),
	FOREIGN KEY(ticket_no) REFERENCES service_ticket (no)
)
 WITHOUT ROWID;
CREATE TABLE returned_line (
	id INTEGER NOT NULL,
	ticket_no INTEGER NOT NULL,
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	fate VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (quantity > 0),
	CHECK (fate IN ('quarantine', 'void')),
	FOREIGN KEY(ticket_no) REFERENCES service_ticket (no)
);
CREATE INDEX ix_returned_line_order_no ON returned_line (order_no);
CREATE TABLE ticket_photo (
	id INTEGER NOT NULL,
	ticket_no INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	parts INTEGER NOT NULL,
	url VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	content BLOB,
	PRIMARY KEY (id),
	FOREIGN KEY(ticket_no) REFERENCES service_ticket (no)
);
CREATE INDEX ix_ticket_photo_ticket_no ON ticket_photo (ticket_no);
CREATE TABLE photo_part (
	photo_id INTEGER NOT NULL,
	part INTEGER NOT NULL,
	content BLOB NOT NULL,
	PRIMARY KEY (photo_id, part),
	FOREIGN KEY(photo_id) REFERENCES ticket_photo (id)
);
CREATE TABLE refund_outcome (
	refund_id VARCHAR NOT NULL,
	order_no INTEGER,
	state VARCHAR NOT NULL,
	settled_at INTEGER NOT NULL,
	PRIMARY KEY (refund_id),
	CHECK (state IN ('succeeded', 'failed'))
)
 WITHOUT ROWID;
CREATE TABLE delivery (
	id INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	supplier VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	opened_by VARCHAR NOT NULL,
	counted_by VARCHAR NOT NULL,
	closed_at INTEGER,
	closed_by VARCHAR NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('open', 'closed', 'dropped')),
	FOREIGN KEY(session_id) REFERENCES live_session (id)
);
CREATE INDEX deliveries_of_session ON delivery (session_id, supplier);
CREATE TABLE delivery_line (
	delivery_id INTEGER NOT NULL,
	sku_id INTEGER NOT NULL,
	expected INTEGER NOT NULL,
	good INTEGER NOT NULL,
	damaged INTEGER NOT NULL,
	wrong INTEGER NOT NULL,
	short INTEGER NOT NULL,
	over INTEGER NOT NULL,
	arrived INTEGER NOT NULL,
	from_stock INTEGER NOT NULL,
	to_stock INTEGER NOT NULL,
	minted INTEGER NOT NULL,
	back INTEGER NOT NULL,
	missing INTEGER NOT NULL,
	later INTEGER NOT NULL,
	policy VARCHAR NOT NULL,
	PRIMARY KEY (delivery_id, sku_id),
	CHECK (expected >= 0 AND good >= 0 AND damaged >= 0 AND wrong >= 0),
	CONSTRAINT expected_is_received_or_short CHECK (expected + over = good + short),
	CHECK (arrived >= 0 AND from_stock >= 0 AND to_stock >= 0 AND minted >= 0 AND back >= 0),
	CHECK (missing >= 0 AND later >= 0 AND short >= 0 AND over >= 0),
	FOREIGN KEY(delivery_id) REFERENCES delivery (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE delivery_count (
	id INTEGER NOT NULL,
	delivery_id INTEGER NOT NULL,
	sku_id INTEGER,
	text VARCHAR NOT NULL,
	how VARCHAR NOT NULL,
	quantity INTEGER NOT NULL,
	batch VARCHAR NOT NULL,
	use_by VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	undone_at INTEGER,
	PRIMARY KEY (id),
	CHECK (how IN ('good', 'damaged', 'wrong')),
	CHECK (quantity > 0),
	CONSTRAINT what_nobody_knows_is_wrong CHECK (sku_id IS NOT NULL OR how = 'wrong'),
	FOREIGN KEY(delivery_id) REFERENCES delivery (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
);
CREATE INDEX counts_of_sku ON delivery_count (sku_id);
CREATE INDEX ix_delivery_count_delivery_id ON delivery_count (delivery_id);
CREATE TABLE purchase_wish (
	session_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	units INTEGER NOT NULL,
	note VARCHAR NOT NULL,
	PRIMARY KEY (session_id, sku_id),
	CHECK (units >= 0),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE purchase_list (
	id INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	supplier VARCHAR NOT NULL,
	sent_at INTEGER NOT NULL,
	sent_by VARCHAR NOT NULL,
	delivery_id INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
CREATE INDEX lists_of_session ON purchase_list (session_id, supplier);
CREATE TABLE purchase_line (
	list_id INTEGER NOT NULL,
	sku_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	PRIMARY KEY (list_id, sku_id),
	CHECK (quantity > 0),
	FOREIGN KEY(list_id) REFERENCES purchase_list (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE INDEX sku_by_barcode ON sku (barcode) WHERE barcode IS NOT NULL;
CREATE INDEX order_line_by_parcel ON order_line (parcel_id, sku_id, quantity, cancelled, put, short)
	WHERE parcel_id IS NOT NULL;
CREATE INDEX order_line_wanted ON order_line (sku_id, parcel_id)
	WHERE parcel_id IS NOT NULL AND quantity > put + short + cancelled;
CREATE INDEX shop_order_by_session ON shop_order (session_id);
CREATE INDEX customer_by_phone ON customer (phone);
CREATE INDEX shop_order_by_customer ON shop_order (customer_id);
CREATE INDEX parcel_by_state ON parcel (state) WHERE state IN ('sorting', 'ready');
CREATE INDEX visit_open ON visit (kiosk) WHERE closed_at IS NULL;
-- what stands on the shelf: nobody took it home by mistake
CREATE VIEW shelf_parcel AS
	SELECT * FROM parcel WHERE state = 'ready' AND id NOT IN (SELECT parcel_id FROM astray);

CREATE TABLE pickup_window (
	session_id VARCHAR NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	capacity INTEGER NOT NULL,
	PRIMARY KEY (session_id, window_from),
	CHECK (capacity > 0),
	CHECK (window_to > window_from),
	FOREIGN KEY(session_id) REFERENCES live_session (id)
)
 WITHOUT ROWID;
CREATE TABLE own_time (
	order_no INTEGER NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (order_no),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE TABLE reminder (
	order_no INTEGER NOT NULL,
	customer_id VARCHAR NOT NULL,
	comes_at INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	told_for INTEGER,
	with_order INTEGER,
	answer_by INTEGER NOT NULL,
	after_seq INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	PRIMARY KEY (order_no),
	CHECK (state IN ('waiting', 'asked', 'sent', 'call', 'done', 'gone')),
	CHECK (why IN ('', 'no_consent', 'failed', 'offline', 'no_answer', 'imported')),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE INDEX reminder_waiting ON reminder (due_at) WHERE state = 'waiting';
CREATE INDEX reminder_asked ON reminder (answer_by) WHERE state = 'asked';
CREATE INDEX reminder_with ON reminder (with_order) WHERE with_order IS NOT NULL;
CREATE INDEX reminder_to_call ON reminder (comes_at) WHERE state = 'call';
CREATE INDEX reminder_of_customer ON reminder (customer_id) WHERE state IN ('waiting', 'call');
CREATE TABLE reminder_credit (
	subject VARCHAR NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (subject),
	CHECK (count >= 0)
)
 WITHOUT ROWID;
CREATE TABLE uncollected (
	parcel_id INTEGER NOT NULL,
	step VARCHAR NOT NULL,
	due_at INTEGER NOT NULL,
	limit_at INTEGER DEFAULT 0 NOT NULL,
	calls INTEGER DEFAULT 0 NOT NULL,
	said VARCHAR DEFAULT '' NOT NULL,
	moved INTEGER DEFAULT 0 NOT NULL,
	PRIMARY KEY (parcel_id),
	CHECK (step IN ('window', 'told', 'task', 'held', 'decide', 'kept')),
	FOREIGN KEY(parcel_id) REFERENCES parcel (id)
);
CREATE INDEX uncollected_due ON uncollected (due_at) WHERE step <> 'decide';
CREATE INDEX uncollected_open ON uncollected (step) WHERE step <> 'window';
CREATE TABLE no_show (
	order_no INTEGER NOT NULL,
	customer_id VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	forgiven_until INTEGER NOT NULL,
	PRIMARY KEY (order_no),
	FOREIGN KEY(order_no) REFERENCES shop_order (no)
);
CREATE INDEX no_show_of_customer ON no_show (customer_id);
CREATE TABLE given_up (
	order_no INTEGER NOT NULL,
	parcel_id INTEGER NOT NULL,
	how VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (order_no, parcel_id),
	CHECK (how IN ('refund', 'void')),
	FOREIGN KEY(order_no) REFERENCES shop_order (no),
	FOREIGN KEY(parcel_id) REFERENCES parcel (id)
)
 WITHOUT ROWID;
CREATE TRIGGER a_ready_parcel_is_somebodys AFTER UPDATE OF state ON parcel
	WHEN NEW.state = 'ready' AND OLD.state <> 'ready' AND NOT EXISTS (SELECT 1 FROM astray WHERE parcel_id = NEW.id)
BEGIN
	INSERT OR IGNORE INTO uncollected(parcel_id, step, due_at)
		VALUES (NEW.id, 'window', max(NEW.window_to, max(NEW.ready_at, coalesce(OLD.handed_over_at, 0)) + 7200000));
END;
CREATE TRIGGER a_parcel_that_left_is_nobodys AFTER UPDATE OF state ON parcel
	WHEN OLD.state = 'ready' AND NEW.state <> 'ready' BEGIN
	DELETE FROM uncollected WHERE parcel_id = NEW.id;
END;
CREATE TRIGGER a_parcel_astray_is_nobodys AFTER INSERT ON astray BEGIN
	DELETE FROM uncollected WHERE parcel_id = NEW.parcel_id;
END;
CREATE TRIGGER a_parcel_that_came_back_is_somebodys AFTER DELETE ON astray BEGIN
	INSERT OR IGNORE INTO uncollected(parcel_id, step, due_at)
		SELECT id, 'window', max(window_to, ready_at + 7200000) FROM parcel WHERE id = OLD.parcel_id AND state = 'ready';
END;

CREATE TABLE fence (
	id INTEGER NOT NULL,
	why VARCHAR NOT NULL,
	raised_at INTEGER NOT NULL,
	backup_at INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	acked_epoch INTEGER NOT NULL,
	acked_seq INTEGER NOT NULL,
	said_again INTEGER NOT NULL,
	told_epoch INTEGER NOT NULL,
	told_seq INTEGER NOT NULL,
	stock_told INTEGER NOT NULL,
	to_tell INTEGER,
	down_epoch INTEGER NOT NULL,
	down_seq INTEGER NOT NULL,
	down_first INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	trouble VARCHAR NOT NULL,
	passed_by VARCHAR NOT NULL,
	passed_at INTEGER,
	lifted_at INTEGER,
	PRIMARY KEY (id),
	CHECK (state IN ('asking', 'opening', 'hearing', 'settling', 'done')),
	CHECK (why IN ('restored', 'overtaken'))
);
CREATE UNIQUE INDEX one_fence ON fence (lifted_at IS NULL) WHERE lifted_at IS NULL;
CREATE TABLE echo (
	epoch INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	type VARCHAR NOT NULL,
	order_id VARCHAR NOT NULL,
	data BLOB NOT NULL,
	at INTEGER NOT NULL,
	used_at INTEGER,
	PRIMARY KEY (epoch, seq)
)
 WITHOUT ROWID;
CREATE INDEX ix_echo_order_id ON echo (order_id);
CREATE INDEX echo_unused ON echo (epoch, seq) WHERE used_at IS NULL;
CREATE TABLE echo_stock (
	session_id VARCHAR NOT NULL,
	sku VARCHAR NOT NULL,
	free INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (session_id, sku)
)
 WITHOUT ROWID;
CREATE TABLE recount (
	id INTEGER NOT NULL,
	what VARCHAR NOT NULL,
	session_id VARCHAR NOT NULL,
	sku VARCHAR NOT NULL,
	quantity INTEGER NOT NULL,
	note VARCHAR NOT NULL,
	applied INTEGER DEFAULT 0 NOT NULL,
	at INTEGER NOT NULL,
	settled_at INTEGER,
	settled_by VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE wave_item (
	wave_id INTEGER NOT NULL,
	sku_id INTEGER NOT NULL,
	wanted INTEGER NOT NULL,
	put INTEGER NOT NULL,
	short INTEGER NOT NULL,
	PRIMARY KEY (wave_id, sku_id),
	CONSTRAINT no_more_than_is_wanted CHECK (put + short BETWEEN 0 AND wanted),
	FOREIGN KEY(wave_id) REFERENCES wave (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TRIGGER wave_follows_its_lines AFTER UPDATE OF parcel_id, sku_id, quantity, put, short, cancelled ON order_line
	WHEN coalesce(OLD.parcel_id, NEW.parcel_id) IS NOT NULL BEGIN
	UPDATE wave_item SET wanted = wanted - OLD.quantity + OLD.cancelled, put = put - OLD.put, short = short - OLD.short
		WHERE wave_id = (SELECT wave_id FROM parcel WHERE id = OLD.parcel_id) AND sku_id = OLD.sku_id;
	INSERT INTO wave_item(wave_id, sku_id, wanted, put, short)
		SELECT wave_id, NEW.sku_id, NEW.quantity - NEW.cancelled, NEW.put, NEW.short FROM parcel WHERE id = NEW.parcel_id
		ON CONFLICT(wave_id, sku_id) DO UPDATE SET wanted = wanted + excluded.wanted, put = put + excluded.put,
			short = short + excluded.short;
END;
