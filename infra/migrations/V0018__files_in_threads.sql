-- Files in the threads of the rooms that show them, put there by hand or by their upload.
-- Lock order everywhere: rooms (by id), then the company, then anything below.

alter table threads add constraint threads_in_room_key unique (company_id, room_id, id);

-- A thread's files. Access to the thread is access to its room, which shows each of them.
create table thread_files (
    company_id uuid not null,
    room_id    uuid not null,
    thread_id  uuid not null,
    file_id    uuid not null,
    added_by   uuid not null,
    added_at   timestamptz not null,
    primary key (thread_id, file_id),
    foreign key (company_id, room_id, thread_id) references threads (company_id, room_id, id) on delete cascade,
    foreign key (company_id, file_id) references files (company_id, id) on delete cascade,
    foreign key (company_id, added_by) references users (company_id, id)
);
create index thread_files_by_file on thread_files (file_id);

-- What a room does not show any more, none of its threads does, whoever takes it away: code that knows nothing of this
-- table too. No foreign key: it would want an index of its own on all places, to name the company.
create function leave_threads_1() returns trigger language plpgsql as $$
begin
    delete from thread_files i where i.room_id = old.room_id and i.file_id = old.file_id;
    return null;
end
$$;
create trigger file_places_left after delete on file_places for each row execute function leave_threads_1();

-- A thread holds the file that it was made from, whoever wrote it.
create function thread_holds_file_1() returns trigger language plpgsql as $$
begin
    insert into thread_files (company_id, room_id, thread_id, file_id, added_by, added_at)
    select new.company_id, new.room_id, new.id, p.file_id, new.created_by, new.created_at
      from file_places p where p.room_id = new.room_id and p.file_id = new.file_id
    on conflict do nothing;
    return null;
end
$$;
create trigger threads_hold_file after insert on threads for each row
    when (new.file_id is not null)
    execute function thread_holds_file_1();

insert into thread_files (company_id, room_id, thread_id, file_id, added_by, added_at)
select t.company_id, t.room_id, t.id, p.file_id, t.created_by, t.created_at
  from threads t join file_places p on p.room_id = t.room_id and p.file_id = t.file_id;

-- The thread that an upload's file is put into; the old rows have none: nothing to scan.
alter table uploads
    add column thread_id uuid,
    add constraint uploads_thread_fkey foreign key (company_id, thread_id)
        references threads (company_id, id) on delete set null (thread_id) not valid;
create index uploads_of_thread on uploads (thread_id) where thread_id is not null;

-- Puts the file that an upload has just become into the upload's thread. The room's row is locked. p_file is the file
-- as clients read it. Answers the events: none when the thread takes nothing any more.
create function file_joins_thread_1(
    p_company uuid, p_upload uuid, p_file jsonb, p_line uuid, p_call jsonb, p_at timestamptz
) returns jsonb language plpgsql volatile as $$
declare
    v_put thread_files%rowtype;
begin
    insert into thread_files (company_id, room_id, thread_id, file_id, added_by, added_at)
    select up.company_id, t.room_id, t.id, up.file_id, up.uploader_id, p_at
      from uploads up
      join threads t on t.company_id = up.company_id and t.room_id = up.room_id and t.id = up.thread_id
     where up.company_id = p_company and up.id = p_upload and t.status in ('active', 'resolved')
    on conflict do nothing
    returning * into v_put;
    if not found then
        return '[]';
    end if;
    update threads t set last_activity_at = greatest(t.last_activity_at, p_at) where t.id = v_put.thread_id;
    insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
    values (p_company, p_line, p_at, v_put.added_by, 'thread.file_added', 'file', v_put.file_id, p_call ->> 'address',
        p_call ->> 'request_id', jsonb_build_object('room', v_put.room_id, 'thread', v_put.thread_id));
    return jsonb_build_array(log_event_1(p_company, v_put.room_id, next_seq_1(v_put.room_id, p_at),
        'thread.file_added', v_put.added_by, jsonb_build_object('thread_id', v_put.thread_id, 'file', p_file), p_at));
end
$$;

-- Whether somebody may read a room.
create function reads_room_1(p_company uuid, p_user uuid, p_room uuid) returns boolean language sql stable as $$
    select exists (
        select from rooms r
          join users u on u.company_id = p_company and u.id = p_user and u.status = 'active'
          left join room_members m on m.room_id = r.id and m.user_id = u.id
         where r.company_id = p_company and r.id = p_room and r.status <> 'deleted'
           and (m.user_id is not null or (r.type = 'public' and u.role <> 'guest')))
$$;

-- As begin_uploads_2, into threads: an item may name the `thread` that its file is put into, one of its room that goes
-- on. Answers 'no_thread' where there is no such thread, to somebody who may read the room. An item has three lines.
create function begin_uploads_3(
    p_company uuid, p_user uuid, p_batch uuid, p_items jsonb, p_rule jsonb, p_plans jsonb, p_max_sending integer,
    p_call jsonb
) returns table (
    place integer, outcome text, role text, access text, status text, used bigint, reserved bigint, total bigint,
    file_limit bigint, room_limit bigint, room_used bigint, events jsonb, told jsonb
) language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_taken  jsonb;
    v_places integer[];
    v_others integer[];
    v_begun  record;
    v_item   jsonb;
begin
    select coalesce(jsonb_agg(x.item order by x.n) filter (where x.fits), '[]'),
           array_agg(x.n order by x.n) filter (where x.fits),
           array_agg(x.n) filter (where not x.fits)
      into v_taken, v_places, v_others
      from (
          select i.item, (i.n - 1)::integer as n, i.item ->> 'thread' is null or exists (
                     select from threads t
                      where t.company_id = p_company and t.id = (i.item ->> 'thread')::uuid
                        and t.room_id = (i.item ->> 'room')::uuid and t.status in ('active', 'resolved')) as fits
            from jsonb_array_elements(p_items) with ordinality i (item, n)
      ) x;
    for v_begun in
        select * from begin_uploads_2(p_company, p_user, p_batch, v_taken, p_rule, p_plans, p_max_sending, p_call) b
    loop
        place := v_begun.place;
        outcome := v_begun.outcome;
        role := v_begun.role;
        access := v_begun.access;
        status := v_begun.status;
        used := v_begun.used;
        reserved := v_begun.reserved;
        total := v_begun.total;
        file_limit := v_begun.file_limit;
        room_limit := v_begun.room_limit;
        room_used := v_begun.room_used;
        events := v_begun.events;
        told := v_begun.told;
        if v_begun.place >= 0 then
            place := v_places[v_begun.place + 1];
            v_item := v_taken -> v_begun.place;
            if v_item ->> 'thread' is not null and v_begun.outcome in ('known', 'sending', 'waiting') then
                update uploads up set thread_id = (v_item ->> 'thread')::uuid
                 where up.company_id = p_company and up.id = (v_item ->> 'id')::uuid;
            end if;
            if v_begun.outcome = 'known' then
                events := events || file_joins_thread_1(p_company, (v_item ->> 'id')::uuid, events -> 0 -> 'data',
                    (v_item -> 'lines' ->> 2)::uuid, p_call, (p_call ->> 'at')::timestamptz);
            end if;
        end if;
        return next;
    end loop;
    return query
        select x.n,
            case when reads_room_1(p_company, p_user, (p_items -> x.n ->> 'room')::uuid)
                 then 'no_thread' else 'no_room' end,
            null::text, null::text, null::text, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint,
            null::bigint, '[]'::jsonb, '[]'::jsonb
          from unnest(v_others) x (n);
end
$$;

-- As complete_upload_1; the file is put into the upload's thread, if that goes on. p_call has three lines.
create function complete_upload_2(
    p_company uuid, p_upload uuid, p_identity text, p_crc64 text, p_expected text, p_made jsonb, p_from text[],
    p_rule jsonb, p_plans jsonb, p_call jsonb
) returns table (outcome text, state text, duplicate boolean, waits boolean, events jsonb, told jsonb)
language plpgsql volatile as $$
#variable_conflict use_column
begin
    select c.outcome, c.state, c.duplicate, c.waits, c.events, c.told
      into outcome, state, duplicate, waits, events, told
      from complete_upload_1(p_company, p_upload, p_identity, p_crc64, p_expected, p_made, p_from, p_rule, p_plans,
          p_call) c;
    if outcome = 'new' then
        events := events || file_joins_thread_1(p_company, p_upload, events -> 0 -> 'data',
            (p_call -> 'lines' ->> 2)::uuid, p_call, (p_call ->> 'at')::timestamptz);
    end if;
    return next;
end
$$;
