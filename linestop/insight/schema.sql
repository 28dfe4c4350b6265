-- The tables of the analysis, filled anew for each question. Times are UTC.

-- One row a run record. `outcome` is that of result.json; without one it is `running` or `killed`.
CREATE TABLE runs (
    run_id VARCHAR, kind VARCHAR, outcome VARCHAR, started TIMESTAMP, ended TIMESTAMP, seconds DOUBLE,
    summary VARCHAR, ticket VARCHAR, parent VARCHAR, flow_run VARCHAR, holder VARCHAR,
    parameters JSON, "values" JSON
);

-- One row an event of any run. Tokens and dollars are those of a `usage`; `total`: of the session so far.
CREATE TABLE events (
    run_id VARCHAR, moment TIMESTAMP, kind VARCHAR, step VARCHAR, tool VARCHAR, outcome VARCHAR, seconds DOUBLE,
    text VARCHAR, args JSON, action VARCHAR, path VARCHAR, "identity" VARCHAR, result_hash VARCHAR, session VARCHAR,
    model VARCHAR, fault VARCHAR, tokens_in BIGINT, tokens_out BIGINT, tokens_cached BIGINT, usd DOUBLE, total BOOLEAN
);

-- One row a firing of a detector. `rung` is what was done about it: observe, nudge, block, stop, line-stop.
CREATE TABLE firings (
    run_id VARCHAR, moment TIMESTAMP, detector VARCHAR, severity VARCHAR, rung VARCHAR, detail VARCHAR, file VARCHAR,
    "identity" VARCHAR, calls BIGINT, seconds DOUBLE, tokens BIGINT
);

-- One row a nudge, and what came of it. `changed` is null where nobody can say.
CREATE TABLE nudges (
    run_id VARCHAR, detector VARCHAR, fired_at TIMESTAMP, told_at TIMESTAMP, calls BIGINT, fired_again BIGINT,
    called_again BIGINT, changed BOOLEAN
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

-- One row a dispatch, with what it used: the sum of its model calls, or what the agent said of its session if more.
CREATE VIEW dispatches AS
WITH used AS (
    SELECT run_id,
           coalesce(sum(tokens_in) FILTER (WHERE NOT total), 0) AS calls_in,
           coalesce(sum(tokens_out) FILTER (WHERE NOT total), 0) AS calls_out,
           sum(usd) FILTER (WHERE NOT total) AS calls_usd,
           coalesce(arg_max(tokens_in, tokens_in + tokens_out) FILTER (WHERE total), 0) AS said_in,
           coalesce(arg_max(tokens_out, tokens_in + tokens_out) FILTER (WHERE total), 0) AS said_out,
           arg_max(usd, tokens_in + tokens_out) FILTER (WHERE total) AS said_usd
    FROM events
    WHERE kind = 'usage' AND tokens_in IS NOT NULL
    GROUP BY run_id
)
SELECT runs.run_id, runs.ticket, runs.parameters ->> 'role' AS role, runs.parameters ->> 'engine' AS engine,
       runs.parameters ->> 'model' AS model, runs.parameters ->> 'chunk' AS chunk,
       TRY_CAST(runs.parameters ->> 'attempt' AS INTEGER) AS attempt, runs.parameters ->> 'rerun_of' AS rerun_of,
       runs.outcome, runs.started, runs.seconds,
       coalesce(CASE WHEN said_in + said_out > calls_in + calls_out THEN said_in ELSE calls_in END, 0) AS tokens_in,
       coalesce(CASE WHEN said_in + said_out > calls_in + calls_out THEN said_out ELSE calls_out END, 0) AS tokens_out,
       CASE WHEN said_in + said_out > calls_in + calls_out THEN said_usd ELSE calls_usd END AS usd
FROM runs LEFT JOIN used USING (run_id)
WHERE runs.kind = 'dispatch';
