from typing import Any

import pytest

from local.sendgrid_double import SendGridDouble, Settings


def test_settings_change_together_or_not_at_all() -> None:
    settings = Settings()
    settings.change(job_delay=1, export_delay=2)
    with pytest.raises(ValueError, match="not negative"):
        settings.change(job_type="delete_contacts", job_delay=-1)
    assert settings == Settings(job_delay=1, export_delay=2)


@pytest.mark.parametrize(
    "senseless",
    [
        {"job_delay": -1},
        {"job_hidden_seconds": -1},
        {"counts_early_seconds": -1},
        {"export_delay": -1},
        {"export_lifetime_seconds": -1},
        {"export_part_contacts": 0},
        {"export_delay": "1"},
        {"deletion_seconds": -1},
        {"unknown_id_status": 500},
        {"read_lag_seconds": -1},
        {"job_lifetime_seconds": -1},
        {"export_member_contacts": 0},
        {"no_such_setting": 1},
    ],
)
def test_senseless_settings_are_refused(senseless: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Settings(**senseless)


def test_the_settings_are_those_of_all_accounts(double: SendGridDouble) -> None:
    double.settings.change(job_type="erase")
    assert [account.settings.job_type for account in (double.account, double.add_subuser("child"))] == [
        "erase",
        "erase",
    ]
