"""A clinic's copy of the whole guide, from the commands: links, checksums, its own page, search, and the look while writing."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from conftest import ROOT, tree
from iop_guide import finish, search, stamp
from iop_guide.cli import main
from iop_guide.clinic import Looker
from iop_guide.faults import FaultsFound
from iop_guide.profile import Profile, load_profile
from iop_guide.view import OWN_PAGE

MAPLE = ROOT / "samples" / "maple-street" / "clinic.yml"
LEAST = ROOT / "samples" / "open-door-online" / "clinic.yml"


@pytest.fixture(scope="module")
def guide(site: Path) -> stamp.Site:
    return stamp.Site.read(site)


@pytest.fixture(scope="module", params=[MAPLE, LEAST], ids=["maple-street", "open-door-online"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return load_profile(request.param)


@pytest.fixture(scope="module")
def copied(guide: stamp.Site, profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("copy") / "copy"
    guide.stamp(profile, out)
    return out


def test_a_copy_passes_every_check_of_the_guide(copied: Path) -> None:
    faults, _ = finish.check_site(tree(copied), {})
    # A copy's own stylesheet and pictures come on top of the first view's budget.
    assert [str(fault) for fault in faults if "the first view has" not in fault.what] == []


def test_the_text_is_the_guide_s_to_the_letter(copied: Path, site: Path, profile: Profile) -> None:
    ours, theirs = tree(copied), tree(site)
    assert {path for path in ours if path not in theirs} == {path for path in ours if stamp.is_own(path)} - {"robots.txt"}
    assert set(theirs) <= set(ours)
    for path, data in theirs.items():
        if path.endswith(".html"):
            assert stamp.empty(ours[path].decode()) == stamp.empty(data.decode()), path
            if b'class="checked-line"' in data and path != "info.html":
                assert b'data-text="unchanged"' in ours[path], path
        elif path != "robots.txt":
            assert ours[path] == data, path
    assert b"data-text" not in theirs["families/index.html"]


def test_the_neutral_guide_speaks_of_no_clinic(site: Path) -> None:
    for path, data in tree(site).items():
        if path.endswith(".html") and "clinics/" not in path:
            for word in (b'clinic-says"', b"Our program", b"our-program/", b"ld+json", b"clinic.css"):
                assert word not in data, path


def test_the_clinic_s_own_page(copied: Path, profile: Profile) -> None:
    html = (copied / OWN_PAGE).read_text("utf-8")
    assert "<title>Our program – IOP Guide</title>" in html
    assert 'name="text-checksum"' not in html  # none of its text is the guide's
    assert html.count(' aria-current="page"') == 1 and '<a href="../our-program/" aria-current="page">Our program</a>' in html
    for page in ("index.html", "help-now/index.html", "groups/your-first-group/index.html"):
        root = "../" * page.count("/") or "./"
        assert f'<li><a href="{root}our-program/">Our program</a></li>' in (copied / page).read_text("utf-8")
    for track in profile.tracks:
        assert track.name in html and f'href="../our-program/{profile.id_of(track)}.ics" download' in html


def test_help_lines_are_added_to_and_never_taken_away(copied: Path, site: Path, profile: Profile) -> None:
    for page in ("index.html", "help-now/index.html", OWN_PAGE):
        html = (copied / page).read_text("utf-8")
        neutral = (site / (page if page != OWN_PAGE else "help-now/index.html")).read_text("utf-8")
        start, end = "<aside class=\"help-line-top\"", "</aside>"
        ours, theirs = (text[text.index(start) : text.index(end, text.index(start))] for text in (html, neutral))
        if page == OWN_PAGE:
            theirs = theirs.replace(' aria-current="page"', "")
        assert stamp.empty(ours) == stamp.empty(theirs)
        for line in profile.local_help[:1]:
            assert f"Nearby, says the clinic: {line.name}" in ours


def test_the_clinic_s_words_stand_in_the_pages_they_belong_to(copied: Path, profile: Profile) -> None:
    places = {
        "inside-a-program/a-week/index.html": bool(profile.tracks), "what-it-can-do/cost/index.html": bool(profile.insurers),
        "inside-a-program/care-team/index.html": bool(profile.team), "help-now/index.html": bool(profile.local_help),
        "inside-a-program/first-call-and-assessment/index.html": bool(profile.start), "families/index.html": False,
        "what-is-an-iop/in-person-or-virtual/index.html": bool(profile.tracks),
    }  # fmt: skip
    for page, said in places.items():
        assert ('<div class="clinic-says"' in (copied / page).read_text("utf-8")) == said, page


def test_its_page_in_the_search(copied: Path, profile: Profile) -> None:
    own = json.loads((copied / "search" / "own.json").read_text("utf-8"))
    assert (own["location"], own["title"], own["section"]) == ("our-program/", "Our program", profile.name)
    html = (copied / OWN_PAGE).read_text("utf-8")
    assert all(not anchor or f'id="{anchor}"' in html for anchor, _, _ in own["sections"])
    text = " ".join(part for section in own["sections"] for part in section)
    for word in search.words(profile.tracks[0].for_):
        assert word in search.STOP or search.stem(word) in own["words"]
    assert profile.phone in text and "<" not in text and set(own["words"].values()) <= {0, 1, 2, 3}


def test_what_a_program_may_want_to_know_of_a_copy(copied: Path, profile: Profile) -> None:
    facts = json.loads((copied / "our-program" / "clinic.json").read_text("utf-8"))
    assert profile.due and facts["check_again"] == profile.due.isoformat()
    assert facts["waits"] == [
        {"track": t.name, "wait": t.wait.time, "as_of": t.wait.as_of.isoformat()} for t in profile.tracks if t.wait
    ]
    assert len(facts["notices"]) + len(facts["notices_missing"]) == 6
    assert all((copied / path).is_file() for path in facts["calendars"])


def test_the_same_bytes_from_any_copy_and_through_links(guide: stamp.Site, copied: Path, profile: Profile, tmp_path: Path) -> None:
    again = pickle.loads(pickle.dumps(stamp.Site.read(copied)))  # a network hands it to other processes
    assert again.digest == guide.digest
    again.stamp(profile, tmp_path / "again", link=True)
    assert tree(tmp_path / "again") == tree(copied)
    other = load_profile(LEAST if profile.tracks[0].name != "Evening group by video" else MAPLE)
    again.stamp(other, tmp_path / "other")
    guide.stamp(other, tmp_path / "fresh")
    assert tree(tmp_path / "other") == tree(tmp_path / "fresh")
    made = dict(guide.made(profile))
    assert not set(made) & set(guide.shared) and set(made) | set(guide.shared) == set(tree(copied))


def command(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "iop_guide", *words], capture_output=True, text=True, timeout=120, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONUTF8": "1"},
    )  # fmt: skip


def test_from_an_empty_folder_to_a_copy(site: Path, tmp_path: Path) -> None:
    assert "Fill in name, phone and address" in command("clinic", "new", cwd=tmp_path).stdout
    first = command("clinic", "build", "clinic.yml", "--site", str(site), "--out", "copy", cwd=tmp_path)
    assert first.returncode == 1 and first.stderr.count("nothing stands here") == 3 and "Traceback" not in first.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinic.yml"]
    text = (tmp_path / "clinic.yml").read_text("utf-8")
    text = text.replace("\nname:", "\nname: Elm Clinic").replace("\nphone:", "\nphone: 217-555-0150").replace("\n  -\n", "\n  - 1 Elm St\n")
    (tmp_path / "clinic.yml").write_text(text, "utf-8")
    done = command("clinic", "build", "clinic.yml", "--site", str(site), "--out", "copy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "copy" / "index.html").read_text("utf-8")
    assert "Contact Elm Clinic" in home and "our-program/" not in home and "canonical" not in home
    assert not (tmp_path / "copy" / OWN_PAGE).exists()


@pytest.mark.parametrize("words", [["serve"], ["clinic", "serve", str(LEAST)]], ids=["serve", "clinic serve"])
def test_a_port_that_is_in_use_is_one_fault(words: list[str], site: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        more = ["--site", str(site)] if len(words) > 1 else []
        done = command(*words, *more, "--port", str(port), cwd=tmp_path)
    assert done.returncode == 1 and f"the port {port} cannot be used" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is another thing there")
def test_ctrl_c_is_the_usual_end_of_a_look(site: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    given = [sys.executable, "-m", "iop_guide", "clinic", "serve", str(LEAST), "--site", str(site), "--port", port]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(given, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as look:
        assert look.stdout and "Your copy is at" in look.stdout.readline()
        look.send_signal(signal.SIGINT)
        assert look.communicate(timeout=20)[1] == "" and look.returncode == 0


def test_of_thousands_of_faults_the_first_are_shown_and_the_rest_counted(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    text = "name: Elm\nphone: 217-555-0150\naddress: [B]\n"
    (profiles / "elm.yml").write_text(text + "".join(f"k{n}: 1\n" for n in range(18_000)), "utf-8")
    (profiles / "oak.yml").write_text(text + "".join(f"k{n}: 1\n" for n in range(50)), "utf-8")
    given = ["clinic", "build", str(profiles / "elm.yml"), "--site", str(site), "--out", str(tmp_path / "copy")]
    assert main(given) == 1
    said = capsys.readouterr()
    lines = said.err.strip().split("\n")
    assert [len(re.findall(r"elm.yml:\d+: the key “k\d+” is not known", said.err)), len(lines)] == [50, 53]
    assert lines[50].endswith("elm.yml: and 17,950 more in this file; mend those above first")
    assert lines[52].startswith("18,000 to mend.") and said.out.count("::error ") == 51
    assert main(["network", str(profiles), "--site", str(site), "--out", str(tmp_path / "copies")]) == 1
    said = capsys.readouterr()
    assert said.err.count("is not known") == 100 and said.err.count("and 17,950 more in this file") == 1
    assert "18,050 to mend." in said.err
    stamp.copy(site, load_profile(LEAST), tmp_path / "copy")
    links = "".join(f'<a href="../nowhere-{n}/">x</a>' for n in range(60))
    page = tmp_path / "copy" / "families" / "index.html"
    page.write_text(page.read_text("utf-8").replace("</footer>", f"{links}</footer>"), "utf-8")
    assert main(["clinic", "check", str(tmp_path / "copy"), "--guide", str(site), "--report", str(tmp_path / "report")]) == 1
    said = capsys.readouterr()
    assert len(re.findall(r"(?m)^    copy/families/.* leads nowhere; mend", said.out)) == 50 and "copy/families/index.html: and 10 more in this file" in said.out
    assert "nowhere-59" in (tmp_path / "report" / "audit.json").read_text("utf-8"), "the report has them all"


def test_a_bad_profile_is_told_before_the_guide_is_built(tmp_path: Path) -> None:
    (tmp_path / "clinic.yml").write_text("name: A\n", "utf-8")
    done = command("build", "--clinic", "clinic.yml", "--out", "copy", cwd=tmp_path)
    assert done.returncode == 1 and "“phone” is missing" in done.stderr and "Built" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["clinic.yml"]


def test_a_copy_never_replaces_the_folder_of_its_own_profile(copied: Path, site: Path, tmp_path: Path) -> None:
    shutil.copytree(copied, tmp_path / "copy")
    (tmp_path / "copy" / "clinic.yml").write_text("name: A\nphone: 217-555-0142\naddress: [B]\n", "utf-8")
    done = command("clinic", "build", "copy/clinic.yml", "--site", str(site), "--out", "copy", cwd=tmp_path)
    assert done.returncode == 1 and "stands inside this folder" in done.stderr
    done = command("build", "--clinic", "copy/clinic.yml", "--out", "copy", cwd=tmp_path)
    assert done.returncode == 1 and "stands inside this folder" in done.stderr
    assert (tmp_path / "copy" / "clinic.yml").is_file()


def test_a_look_while_writing_follows_the_file_and_keeps_the_last_good_copy(guide: stamp.Site, tmp_path: Path) -> None:
    path, said = tmp_path / "clinic.yml", list[str]()
    good = "name: Elm Clinic\nphone: 217-555-0150\naddress: [1 Elm St]\nsite: https://elm.example.org/guide/\n"
    path.write_text("name:\n", "utf-8")
    looker = Looker(path, guide, tmp_path / "copy", said.append)
    with pytest.raises(FaultsFound):
        looker.refresh()
    path.write_text(good, "utf-8")
    looker.refresh()
    server = looker.server(0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    top = f"http://127.0.0.1:{server.server_address[1]}"

    def get(where: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(top + where, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    try:
        assert "Elm Clinic" in get("/")[1] and "Elm Clinic" in get("/guide/families/")[1]
        status, missing = get("/guide/nowhere/")
        assert status == 404 and '<base href="/guide/">' in missing
        # A HEAD is answered as the GET would be, without the body; a folder without its slash keeps the copy's own path.
        for where, expected, location in (
            ("/", 302, "/guide/"), ("/guide", 302, "/guide/"), ("/guide/", 200, None), ("/guide/families/", 200, None),
            ("/guide/families", 301, "/guide/families/"), ("/guide/nowhere/", 404, None), ("/families/", 404, None),
        ):  # fmt: skip
            answers = []
            for method in ("HEAD", "GET"):
                connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
                connection.request(method, where)
                answer = connection.getresponse()
                answers.append((answer.status, answer.headers["Location"], answer.headers["Content-Length"]))
                assert (answer.read() == b"") == (method == "HEAD" or expected in (301, 302)), where
                connection.close()
            assert answers[0] == answers[1] and answers[0][:2] == (expected, location), where
        assert get("/../clinic.yml")[0] == 404 and get("/guide/../../clinic.yml")[0] == 404
        path.write_text(good.replace("Elm", "Oak"), "utf-8")
        os.utime(path, (1, 1))
        assert "Oak Clinic" in get("/guide/")[1] and said == ["The copy was made again."]
        path.write_text(good.replace("217-555-0150", "911"), "utf-8")
        assert "Oak Clinic" in get("/guide/")[1]
        assert "911 is an emergency number" in said[1] and said[2] == "The last good copy is still shown."
    finally:
        server.shutdown()
        server.server_close()
