"""The pages a reader opens first: `index.md`, `00_SCHEMA.md` and `agents/CONTEXT.md`."""

from collections.abc import Sequence

from linestop.wiki.atlas import INDEX, Atlas
from linestop.wiki.claims import HANDS_OFF
from linestop.wiki.naming import link
from linestop.wiki.pages import domain, log
from linestop.wiki.pages.page import Page, about, listed, some
from linestop.wiki.pages.symbols import listed_module
from linestop.wiki.project import check_commands, check_needs, conventions, readme
from linestop.wiki.prose import code, escaped, folded, prose
from linestop.wiki.python_names import is_public
from linestop.wiki.source import CONTEXT

SCHEMA = "wiki/00_SCHEMA.md"
KEY_MODULES = 12

_SCHEMA = f"""# How this wiki works

[Index](index.md) / schema

linestop writes this wiki from the repository itself: no model, no guess. Everything it says stands in a *claim*.

| folder | what its pages say |
|---|---|
| `10_DOMAIN` | what the project is about: its public classes by package, a glossary, its metadata |
| `20_SYSTEM` | a page for each module: purpose, public API, connections, tests, commits |
| `20_SYSTEM/files` | all other files, a page for each folder |
| `90_LOG` | commits by month, plan files, merged deliveries of linestop |
| `index.md`, `log.md`, `00_SCHEMA.md` | where to start |
| `../agents/CONTEXT.md` | the same for an agent that starts with nothing, in one page |

## Claims

A claim stands between two HTML comments, which its page's source shows. The first names where it comes from:

    claim id=… src=path/of/a/file sha256=… v=1 body=…

- `src=path`: the claim was read from that file, and `sha256` is the file's SHA-256 (`sha256sum path`). Another hash
  means that the claim is stale; the next run rewrites it, and nothing else.
- `src=derived:…`: the claim was computed from many files or from the git log; `sha256` is the hash of what it states.
- `body`: hash of the text between the markers, so that an edit inside is noticed and never silently overwritten.

## What people may do

- Write anything outside the markers, on any page, before, between and after claims: it is kept byte for byte.
- Add pages anywhere in `wiki/`. Link them from somewhere, else lint calls them orphans.
- Put `{HANDS_OFF}` on a page to have linestop never touch it again.
- Correct a claim in the source it was read from. An edit inside the markers is reported; `linestop document --fix`
  undoes it.
- When a module goes, its page goes, unless somebody wrote on it: then it stays, and lint reports it.

Lint looks for dead links, orphans, public modules without a page, stale or broken or edited claims, and statements of
one symbol (`class a.B(C)`, `def a.f(x)`) that differ between pages. `--fix` mends up to 10 problems; above that a
person looks."""


def front_pages(atlas: Atlas, notes: Sequence[str] = ()) -> list[Page]:
    """Return index, schema and context. `notes` are the pages of people that the index lists."""
    return [_index(atlas, notes), Page(SCHEMA, (about("head", "schema", "", _SCHEMA),)), _context(atlas)]


def _index(atlas: Atlas, notes: Sequence[str]) -> Page:
    starts = [
        f"- [What this project is]({link(INDEX, domain.PROJECT)})",
        *([f"- [Glossary]({link(INDEX, domain.GLOSSARY)}): every public class"] if atlas.concepts else []),
        f"- [Log]({link(INDEX, log.FRONT)}): what happened",
        f"- [How this wiki works]({link(INDEX, SCHEMA)}): what linestop writes and what people may",
        f"- [Context for agents]({link(INDEX, CONTEXT)}): the repository in one page",
    ]
    concepts = [f"- [{escaped(one)}]({link(INDEX, page)})" for one, page in atlas.domain_pages.items()]
    folders = [
        f"- [{escaped(folded(one, 120)) if one else 'the root'}]({link(INDEX, page)}): "
        f"{_counted(len(atlas.folders[one]), 0)}"
        for one, page in atlas.folder_pages.items()
    ]
    people = [f"- [{escaped(path.removeprefix('wiki/'))}]({link(INDEX, path)})" for path in sorted(notes)]
    words = prose(atlas.project.description) or prose(readme(atlas.source)[1])
    return Page(INDEX, some(
        about("head", "index", "", f"# {escaped(atlas.project.name)}\n\n{words}".rstrip()),
        about("starts", "start", "", listed("Start here", starts)),
        about("system", "modules", "", listed("System", _modules(atlas), limit=5000)),
        about("domain", "concept-pages-of-index", "", listed("Concepts by package", concepts, limit=1000)),
        about("files", "folders", "", listed("Other files, by folder", folders, limit=2000)),
        about("notes", "pages-of-people", "", listed("Pages that people wrote", people, limit=2000)),
    ))  # fmt: skip


def _modules(atlas: Atlas) -> list[str]:
    """Return every module as a list nested by package."""
    lines = []
    for name in sorted(atlas.paths, key=lambda one: one.partition("@")[0].split(".")):
        bare = name.partition("@")[0]
        above = [one for one in atlas.paths if bare.startswith(f"{one}.")] if "." in bare else []
        item = listed_module(atlas.module_link(INDEX, name), atlas.facts[atlas.paths[name]], 110)
        lines.append("  " * len(above) + item)
    return lines


def _context(atlas: Atlas) -> Page:
    return Page(CONTEXT, some(
        about("head", "context", "", _context_head(atlas)),
        about("layout", "top-level", "", listed("Layout", _layout(atlas), limit=60)),
        about("checks", "test-commands", "", listed("How to test", _checks(atlas))),
        about("keys", "most-imported", "", listed("Key modules, most used first", _keys(atlas))),
        about("starts", "context-entry-points", "", listed("Entry points", [
            f"- {code(key)} → {code(value)}" for key, value in atlas.project.entry_points
        ], limit=30)),
        about("habits", "conventions", "", listed("Conventions found", [
            f"- {line}" for line in conventions(atlas.source, atlas.facts, atlas.modules)
        ])),
        about("more", "wiki", "", _more(atlas)),
    ))  # fmt: skip


def _checks(atlas: Atlas) -> list[str]:
    needs = check_needs(atlas.source)
    first = [f"- first: {' or '.join(code(command) for command in needs)}"] if needs else []
    found = [
        f"- {code(command)} (found in {atlas.file_link(CONTEXT, path)})"
        for command, path in check_commands(atlas.source)
    ]
    return [*first, *found] if found else ["- No tests and no test command were found."]


def _context_head(atlas: Atlas) -> str:
    project = atlas.project
    words = prose(project.description) or prose(readme(atlas.source)[1])
    needs = f"\n\nPython {code(project.python)}." if project.python else ""
    broken = [path for path in sorted(atlas.facts) if atlas.facts[path].error]
    warned = f"\n\nPython can't read: {', '.join(code(path) for path in broken[:10])}." if broken else ""
    return f"# Context: {escaped(project.name)}\n\n{words}{needs}{warned}".rstrip()


def _layout(atlas: Atlas) -> list[str]:
    """Return a line for each entry at the root, folders first, with what is in it."""
    counts: dict[str, int] = {}
    for file in atlas.source.files:
        top, _, rest = file.path.partition("/")
        counts[f"{top}/" if rest else top] = counts.get(f"{top}/" if rest else top, 0) + 1
    modules: dict[str, int] = {}
    for path in atlas.modules:
        top = f"{path.partition('/')[0]}/"
        modules[top] = modules.get(top, 0) + 1
    folders = [
        f"- {atlas.file_link(CONTEXT, name)}: {_counted(counts[name], modules.get(name, 0))}"
        for name in sorted(counts) if name.endswith("/")
    ]  # fmt: skip
    files = [code(name, 80) for name in sorted(counts) if not name.endswith("/")]
    return [*folders, *([f"- files at the root: {', '.join(files[:40])}"] if files else [])]


def _counted(files: int, modules: int) -> str:
    told = f"{modules} module{'s' * (modules != 1)}" if modules else ""
    others = files - modules
    rest = f"{others} file{'s' * (others != 1)}" if others else ""
    return " and ".join(part for part in (told, rest) if part)


def _keys(atlas: Atlas) -> list[str]:
    """Return the modules that most others import; private ones count, tests do not."""
    ranked = sorted(
        atlas.paths, key=lambda name: (-len(_users(atlas, name)), not is_public(name), name),
    )  # fmt: skip
    return [
        listed_module(atlas.module_link(CONTEXT, name), atlas.facts[atlas.paths[name]], 140)
        for name in ranked[:KEY_MODULES]
    ]


def _users(atlas: Atlas, name: str) -> list[str]:
    return [path for path in atlas.importers.get(name, []) if path in atlas.modules]


def _more(atlas: Atlas) -> str:
    words = "one page for each module, with its public API, who uses it, its tests and its commits"
    glossary = f" Terms: [glossary]({link(CONTEXT, domain.GLOSSARY)})." if atlas.concepts else ""
    return f"## More\n\n[The wiki]({link(CONTEXT, INDEX)}) has {words}.{glossary} ".rstrip()
