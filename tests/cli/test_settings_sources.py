"""Where a setting comes from: the call, else the environment, else the file; tables are laid over each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tihuo.settings import SettingsTrouble, in_environment, load


def test_the_environment_lies_over_the_file_setting_by_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tihuo.toml"
    file.write_text('store_id = "S07"\nshop_name = "春风小铺"\n[cloud]\nhost = "mq.example"\nport = 8883\n', "utf-8")
    monkeypatch.setenv("TIHUO_CLOUD__PORT", "1883")
    monkeypatch.setenv("TIHUO_SHOP_NAME", "朝阳里小店")
    settings = load(file, timezone="Europe/Berlin", shop_name="来看看")
    assert (settings.store_id, settings.cloud.host, settings.cloud.port) == ("S07", "mq.example", 1883)
    assert (settings.shop_name, settings.timezone) == ("来看看", "Europe/Berlin")


def test_lists_and_tables_are_json_and_what_is_not_a_setting_is_left_alone() -> None:
    said = in_environment(
        {
            "TIHUO_KIOSKS": '["k1", "k2"]',
            "TIHUO_CLOUD": '{"host": "mq.example", "port": 1}',
            "TIHUO_CLOUD__PORT": "2",
            "tihuo_http__host": "[::1]",
            "TIHUO_SETTINGS": "/etc/tihuo.toml",
            "HTTP__HOST": "elsewhere",
            "TIHUOKIOSKS": "k9",
        }
    )
    assert said == {
        "kiosks": ["k1", "k2"],
        "cloud": {"host": "mq.example", "port": "2"},
        "http": {"host": "[::1]"},
    }


def test_a_fault_of_the_environment_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIHUO_CLOUD__PORT", "many")
    monkeypatch.setenv("TIHUO_CLOUD__COLOUR", "green")
    with pytest.raises(SettingsTrouble) as trouble:
        load(None)
    assert sorted(line.split(":")[0] for line in trouble.value.lines) == ["cloud.colour", "cloud.port"]
