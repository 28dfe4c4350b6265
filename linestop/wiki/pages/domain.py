"""`10_DOMAIN`: what the project is about, in its own words: its concepts, grouped by package, and a glossary."""

from linestop.wiki.atlas import DOMAIN, INDEX, Atlas
from linestop.wiki.naming import link
from linestop.wiki.pages.page import Page, about, listed, some
from linestop.wiki.pages.symbols import class_statement
from linestop.wiki.project import readme
from linestop.wiki.prose import code, escaped, prose, summary
from linestop.wiki.python_facts import ClassFacts

PROJECT = f"{DOMAIN}/project-overview.md"
GLOSSARY = f"{DOMAIN}/glossary-of-concepts.md"
_GROUPS = (
    ("class", "Classes"), ("protocol", "Protocols"), ("dataclass", "Dataclasses"), ("record", "Records"),
    ("enum", "Enumerations"), ("exception", "Exceptions and warnings"),
)  # fmt: skip


def domain_pages(atlas: Atlas) -> list[Page]:
    """Return the project's page, the glossary and a page of concepts for each package that has any."""
    pages = [_project_page(atlas), *(_package_page(atlas, package) for package in atlas.concepts)]
    return [*pages, _glossary(atlas)] if atlas.concepts else pages


def _project_page(atlas: Atlas) -> Page:
    project = atlas.project
    path, words = readme(atlas.source)
    told = [prose(project.description), prose(words, 700) if words else ""]
    from_file = f" From {atlas.file_link(PROJECT, path)}." if path else ""
    if project.error:
        told.append(f"**{code(project.src)} can't be read**: {prose(project.error)}")
    head = "\n\n".join(part for part in told if part) or "_The repository has no README and no description._"
    starts = [f"- {code(key)} → {code(value)}" for key, value in project.entry_points]
    needs = [f"- {code(need)}" for need in project.dependencies]
    concepts = [
        f"- [Concepts of {escaped(package)}]({link(PROJECT, page)})" for package, page in atlas.domain_pages.items()
    ]
    return Page(PROJECT, some(
        about("head", "project", "", f"# {escaped(project.name)}\n\n[Index]({link(PROJECT, INDEX)}) / domain\n\n"
              f"{head}{from_file}"),
        about("starts", "entry-points", "", listed("Entry points", starts, limit=60)),
        about("needs", "dependencies", "", listed("Needs", needs, limit=60)),
        about("concepts", "concept-pages", "", listed("Concepts", concepts)),
    ))  # fmt: skip


def _concepts(atlas: Atlas, package: str) -> list[tuple[str, ClassFacts]]:
    return [
        (name, one)
        for name in atlas.concepts[package]
        for one in atlas.facts[atlas.paths[name]].classes
        if atlas.is_concept(name, one.name)
    ]


def _package_page(atlas: Atlas, package: str) -> Page:
    page = atlas.domain_pages[package]
    found = _concepts(atlas, package)
    doc = atlas.facts[atlas.paths[package]].doc if package in atlas.paths else ""
    head = (
        f"# Concepts of {escaped(package)}\n\n[Index]({link(page, INDEX)}) / "
        f"[{escaped(atlas.project.name)}]({link(page, PROJECT)}) / {atlas.module_link(page, package)}\n\n"
        f"{summary(doc, 500)}"
    )
    return Page(page, some(
        about("head", "package", package, head.rstrip()),
        *(about(kind, f"concepts-{kind}", package, _group(atlas, page, title, [c for c in found if c[1].kind == kind]))
          for kind, title in _GROUPS),
    ))  # fmt: skip


def _group(atlas: Atlas, page: str, title: str, found: list[tuple[str, ClassFacts]]) -> str:
    parts = [_concept(atlas, page, name, one) for name, one in found]
    return "\n\n".join([f"## {title}", *parts]) if parts else ""


def _concept(atlas: Atlas, page: str, module: str, one: ClassFacts) -> str:
    has = [code(each.name) for each in one.members if each.kind != "field" and each.name != "__init__"]
    told = f" Has: {', '.join(has[:8])}." if has else ""
    meaning = summary(one.doc, 400) or f"_No docstring._{told}"
    fields = [code(each.name) for each in one.members if each.kind == "field"]
    held = f" Holds: {', '.join(fields[:20])}." if fields else ""
    return (
        f"**{escaped(one.name)}**: {meaning}{held}\n{class_statement(module, one)} in {atlas.module_link(page, module)}"
    )


def _glossary(atlas: Atlas) -> Page:
    found = [(one.name, name, one) for package in atlas.concepts for name, one in _concepts(atlas, package)]
    lines = [
        f"- [{escaped(shown)}]({link(GLOSSARY, atlas.domain_pages[atlas.package_of(name)])}): "
        f"{summary(one.doc, 120) or '_no docstring_'} ({atlas.module_link(GLOSSARY, name)})"
        for shown, name, one in sorted(found, key=lambda item: (item[0].casefold(), item[1]))
    ]
    head = f"# Glossary\n\n[Index]({link(GLOSSARY, INDEX)}) / every public class, by name."
    return Page(GLOSSARY, some(
        about("head", "glossary", "", head), about("terms", "public-classes", "", listed("Terms", lines, limit=2000)),
    ))  # fmt: skip
