"""What the encoder reads of a function."""

from __future__ import annotations

from dataclasses import replace

from fathom_indexer.encoder import code_text, query_text, text_key
from fathom_indexer.types import Function, Kind

FUNCTION = Function(
    name="retryUpload",
    qualified_name="Client.retryUpload",
    kind=Kind.METHOD,
    language="typescript",
    signature="retryUpload(times: number)",
    documentation="Sends the file again.\n@param times how often",
    text="retryUpload(times: number) {\n    return this.send()\n}",
    start_byte=0,
    end_byte=50,
    start_line=1,
    end_line=3,
)


def test_reads_file_names_documentation_and_text_with_identifiers_split() -> None:
    assert code_text(FUNCTION, "src/httpClient.ts") == (
        "http Client Client retry Upload Sends the file again. @param times how often "
        "retry Upload(times: number) { return this.send() }"
    )


def test_a_file_without_a_name_of_its_own_is_called_by_its_folder() -> None:
    assert code_text(FUNCTION, "src/upload/index.ts").startswith("upload Client retry Upload ")


def test_documentation_inside_the_text_is_read_once() -> None:
    function = replace(FUNCTION, text='def f():\n    """Sends the file again.\n\n    @param times how often"""')
    assert code_text(function, "").count("Sends the file again.") == 1


def test_moving_and_indenting_keep_the_key() -> None:
    moved = replace(FUNCTION, start_byte=900, start_line=40, end_line=42, text=FUNCTION.text.replace("\n", "\r\n\t"))
    assert text_key(code_text(moved, "other/httpClient.ts")) == text_key(code_text(FUNCTION, "src/httpClient.ts"))
    changed = replace(FUNCTION, text=FUNCTION.text.replace("send", "drop"))
    assert text_key(code_text(changed, "src/httpClient.ts")) != text_key(code_text(FUNCTION, "src/httpClient.ts"))


def test_queries_are_split_like_code() -> None:
    assert query_text("  where is HTTPHeader\nparsed ") == "where is HTTP Header parsed"
