-- What the functions' own role may do: rows, never the schema. The audit log is append-only for them.
do $$
begin
    if not exists (select from pg_roles where rolname = 'maru_app') then
        create role maru_app login;
        alter role maru_app set statement_timeout = '5s';
    end if;
    -- On RDS the functions sign in with IAM tokens; elsewhere the role does not exist.
    if exists (select from pg_roles where rolname = 'rds_iam') then
        grant rds_iam to maru_app;
    end if;
end
$$;
grant usage on schema public to maru_app;
grant select, insert, update, delete on all tables in schema public to maru_app;
revoke update, delete on audit_log from maru_app;
revoke insert, update, delete on signing_keys from maru_app;
alter default privileges in schema public grant select, insert, update, delete on tables to maru_app;
