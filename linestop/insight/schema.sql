-- The tables of the analysis, filled anew for each question. Times are UTC.

-- One row a run record. `outcome` is that of result.json; without one it is `running` or `killed`.
CREATE TABLE runs (
    run_id VARCHAR, kind VARCHAR, outcome VARCHAR, started TIMESTAMP, ended TIMESTAMP, seconds DOUBLE,
    summary VARCHAR, ticket VARCHAR, parent VARCHAR, flow_run VARCHAR, holder VARCHAR,
    parameters JSON, "values" JSON
);

-- One row an event of any run.
CREATE TABLE events (
    run_id VARCHAR, moment TIMESTAMP, kind VARCHAR, step VARCHAR, tool VARCHAR, outcome VARCHAR, seconds DOUBLE,
    text VARCHAR, args JSON
);

-- One row a ticket of the tracker. `body` is all of it.
CREATE TABLE tickets (
    id VARCHAR, batch VARCHAR, state VARCHAR, title VARCHAR, reason VARCHAR, attempts INTEGER, created TIMESTAMP,
    updated TIMESTAMP, commit_id VARCHAR, body JSON
);

-- One row an incident. `body` is all of it.
CREATE TABLE incidents (
    id VARCHAR, state VARCHAR, class VARCHAR, scope VARCHAR, ticket VARCHAR, opened TIMESTAMP, body JSON
);

-- One row an audit and theme.
CREATE TABLE findings (run_id VARCHAR, theme VARCHAR, found BIGINT);
