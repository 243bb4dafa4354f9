"""The shops and what each box is told. Copy to `inventory.py`, which git never sees, and change it.

Every setting that is left out has a sensible value; `tihuo doctor` on the box says what it makes of them.
"""

from pathlib import Path

_secrets = Path.home() / ".config/tihuo"  # outside of this repository

shops = [
    (
        "tihuo.local",
        {
            "ssh_user": "keeper",
            "ssh_strict_host_key_checking": "accept-new",
            "kiosk": True,  # a screen hangs on this box and shows the kiosk page
            "settings": {
                "store_id": "S001",
                "shop_name": "示范小店",
                "cloud": {
                    "host": "mqtt.example.com",
                    "username": "S001",
                    "password_file": "/run/credentials/tihuo.service/cloud_password",
                },
                "cameras": {"k1": {"kind": "picamera2"}},
                "printers": {
                    "label": {"kind": "usb", "address": "04b8:0202"},
                    "receipt": {"kind": "network", "address": "192.0.2.7:9100"},
                },
                "lights": {"kind": "gpio", "pins": {"A01": 5, "A02": 6, "A03": 13}},
                "shelf": [
                    {"name": "shelf", "zone": "ambient", "rows": 2, "columns": 7},
                    {"name": "fridge", "zone": "chilled", "rows": 2, "columns": 3},
                    {"name": "freezer", "zone": "frozen", "rows": 2, "columns": 2},
                ],
            },
            "secrets": {"password": (_secrets / "S001.password").read_text().strip()},
        },
    ),
]
