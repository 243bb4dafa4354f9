"""语音: the kiosk's sentences as sound. A piece is named in the page; the box alone knows its words, so nobody can make
it say something else."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from tihuo.api.asking import door_of
from tihuo.api.kiosk_stage import our_kiosk, words_in
from tihuo.api.languages import LANGUAGES
from tihuo.devices.troubles import SpeechTrouble

router = APIRouter(prefix="/kiosk/say", dependencies=[Depends(our_kiosk)])


@router.get("/{lang}/{piece}")
def say(request: Request, lang: str, piece: str) -> Response:
    """One sentence as sound (WAV); 204 when the voice is silent just now: the screen says everything anyway."""
    speech = door_of(request).speech
    if lang not in LANGUAGES or speech is None:
        raise HTTPException(404)
    try:
        words = words_in(request, lang, piece)
    except (KeyError, ValueError):
        raise HTTPException(404) from None
    headers = {"Cache-Control": "no-store"}
    try:
        return Response(speech.say(words, lang), media_type="audio/wav", headers=headers)
    except SpeechTrouble:
        return Response(status_code=204, headers=headers)
