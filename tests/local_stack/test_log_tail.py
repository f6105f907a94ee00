from pathlib import Path

from local.log_tail import LogTail


def test_each_line_is_given_once_and_whole(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    tail = LogTail({"First": tmp_path / "first", "Second": tmp_path / "second"})
    stream = tmp_path / "first" / "0001.log"
    stream.write_bytes(b"one\ntw")

    assert list(tail.new_lines()) == [("First", "one")]

    with stream.open("ab") as log:
        log.write("o \u2028 parts\n\nthree".encode())
    (tmp_path / "second" / "0001.log").write_bytes(b"\xff\n")

    assert list(tail.new_lines()) == [("First", "two \u2028 parts"), ("First", ""), ("Second", "\ufffd")]
    assert list(tail.new_lines()) == []
