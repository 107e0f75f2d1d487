# SPDX-License-Identifier: Apache-2.0
"""Finds the commands that the documents and the verbs' own help give to their readers.

Called by tools/check_commands. A command is a line of a fenced block that holds commands (each line of such
a block must be one), a block of Python, an example of `weft VERB --help`, or inline code that begins with
weft, ./run, ./test or ./bench. Inline code without values of its own (`weft why`, `weft soak --json`, `weft
rack show FILE`) only mentions a verb: it has no value to run with, so its verb and options are looked up.
"""
import re
import subprocess
from dataclasses import dataclass, field

PROGRAMS = ("weft", "sudo", "./run", "./test", "./bench", "curl", "node", "ssh", "echo", "lspci",
            "tools/", "web/")
INLINE = re.compile(r"(sudo )?weft |\./(run|test|bench)\b")
SHELL_BLOCKS = ("", "sh", "bash", "console")


@dataclass
class Command:
    text: str
    places: list = field(default_factory=list)
    is_mention: bool = False
    is_python: bool = False
    aside: list = field(default_factory=list)  # inline code in the comment behind it


def is_program(line):
    word = line.split(None, 1)[0] if line.split() else ""
    return any(word == p or (p.endswith("/") and word.startswith(p)) for p in PROGRAMS)


def unquoted(text, what):
    """Places where one of the characters stands outside of quotes."""
    quote = None
    for i, c in enumerate(text):
        if quote:
            quote = None if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in what:
            yield i


def split_line(line):
    """The commands of a line, and its comment."""
    comment = next((i for i in unquoted(line, "#") if i and line[i - 1] == " "), len(line))
    cuts = [-1, *unquoted(line[:comment], ";"), comment]
    parts = [line[a + 1:b].strip() for a, b in zip(cuts, cuts[1:])]
    return [part for part in parts if part], line[comment:]


def is_mention(text):
    """Only a verb, options without values, placeholders."""
    words = text.replace("[", " ").replace("]", " ").split()
    words = words[2:] if words[0] == "sudo" else words[1:]
    if text.startswith("weft -"):
        return False
    plain = [w for w in words if not re.fullmatch(r"--?[\w-]+|[A-Z]+…?|[A-Z][\w.]*…|…|[|-]", w)]
    return all(re.fullmatch(r"[a-z]+", w) for w in plain) and len(plain) <= 2 and plain == words[:len(plain)]


class Found:
    def __init__(self):
        self.commands = {}
        self.problems = []

    def add(self, text, place, **more):
        text = " ".join(text.split()) if not more.get("is_python") else text
        command = self.commands.setdefault(text, Command(text, **more))
        command.is_mention = command.is_mention and more.get("is_mention", False)
        command.places.append(place)
        return command


def take_block(found, path, number, language, lines):
    if language == "python":
        found.add("\n".join(lines), f"{path}:{number}", is_python=True)
        return
    if language not in SHELL_BLOCKS or not any(is_program(line) for line in lines):
        return
    whole = ""
    for at, line in enumerate(lines, number):
        whole += line.strip() if whole else line.rstrip()
        if whole.endswith("\\"):
            whole = whole[:-1]
            continue
        if not whole.strip():
            continue
        commands, comment = split_line(whole)
        for text in commands:
            if not is_program(text):
                found.problems.append(f"{path}:{at}: \"{text}\" stands among commands and is none that is known")
                continue
            found.add(text, f"{path}:{at}").aside += re.findall(r"`([^`]+)`", comment)
        whole = ""


def from_document(found, path, text):
    block, start, language = None, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            if block is None:
                block, start, language = [], number + 1, line.strip()[3:]
            else:
                take_block(found, path, start, language, block)
                block = None
        elif block is not None:
            block.append(line)
        else:
            for code in re.findall(r"`([^`]+)`", line):
                if INLINE.match(code):
                    commands, _ = split_line(code)
                    for one in commands:
                        if INLINE.match(one + " "):
                            found.add(one, f"{path}:{number}", is_mention=is_mention(one))


def verbs_of(weft):
    out = subprocess.run([weft, "--help"], capture_output=True, text=True, check=True).stdout
    table = out.split("Verbs:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +", table, re.M)


class Help:
    """What `weft VERB --help` says of each verb."""

    def __init__(self, weft):
        self.texts = {verb: subprocess.run([weft, *verb.split(), "--help"], capture_output=True, text=True,
                                           check=True).stdout for verb in verbs_of(weft)}

    def verb(self, words):
        """The verb that these words begin with; None where there is none."""
        for count in (2, 1):
            if " ".join(words[:count]) in self.texts:
                return " ".join(words[:count])
        return None

    def is_group(self, word):
        return any(verb.startswith(word + " ") for verb in self.texts)

    def has_option(self, verb, option):
        return re.search(rf"^  (?:-., )?{re.escape(option)}\b(?!-)|^  {re.escape(option)}, ", self.texts[verb],
                         re.M) is not None

    def exits(self, verb):
        """The codes below 64 that this verb promises."""
        table = self.texts[verb].split("Exit codes:\n", 1)[1].split("\n\n", 1)[0]
        return {int(code) for code in re.findall(r"^  (\d+) ", table, re.M) if int(code) < 64}

    def examples(self, found):
        for verb, text in self.texts.items():
            for line in text.partition("\nExamples:\n")[2].splitlines():
                if re.match(r"  \S", line):
                    found.add(line, f"weft {verb} --help")
