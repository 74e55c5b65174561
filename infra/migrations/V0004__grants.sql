-- What the functions' own role may do: rows, never the schema. The audit log is append-only for them.
do $$
begin
    if not exists (select from pg_roles where rolname = 'maru_app') then
        create role maru_app login;
    end if;
end
$$;
grant usage on schema public to maru_app;
grant select, insert, update, delete on all tables in schema public to maru_app;
revoke update, delete on audit_log from maru_app;
revoke insert, update, delete on signing_keys from maru_app;
alter default privileges in schema public grant select, insert, update, delete on tables to maru_app;
