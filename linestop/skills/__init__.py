"""Skills: how a role works, as `SKILL.md` files. Shipped ones, and those of a repository and a person over them."""
