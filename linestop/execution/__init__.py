"""How tickets are carried out, as pure functions: orders, briefs, rulings, messages. The loop itself is in flows/."""
