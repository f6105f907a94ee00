from typing import Any

import pytest

from local.sendgrid_double import SendGridDouble, Settings

SECONDS = [
    *("job_delay", "job_hidden_seconds", "job_lifetime_seconds", "counts_early_seconds"),
    *("export_delay", "export_lifetime_seconds", "deletion_seconds", "read_lag_seconds"),
]


def test_settings_change_together_or_not_at_all() -> None:
    settings = Settings()
    settings.change(job_delay=1, export_delay=2)
    with pytest.raises(ValueError, match="not negative"):
        settings.change(job_type="delete_contacts", job_delay=-1)
    assert settings == Settings(job_delay=1, export_delay=2)


@pytest.mark.parametrize(
    "senseless",
    [
        *({name: -1} for name in SECONDS),
        *({name: 0} for name in ("export_part_contacts", "export_member_contacts")),
        {"export_delay": "1"},
        {"unknown_id_status": 500},
        {"no_such_setting": 1},
    ],
)
def test_senseless_settings_are_refused(senseless: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Settings(**senseless)


def test_the_settings_are_those_of_all_accounts(double: SendGridDouble) -> None:
    double.settings.change(job_type="erase")
    accounts = double.account, double.add_subuser("child")
    assert [account.settings.job_type for account in accounts] == ["erase", "erase"]
