-- Finding files in all rooms of a person: what a room's places are to a search in it, a company's are to a search in
-- many.
--
-- Lock order everywhere: rooms (by id), then the company, then anything below.

-- Where a company's files are cut into stretches of about 65,536 places, as file_buckets does it for a room.
create table company_buckets (
    company_id uuid not null references companies (id),
    number     integer not null,
    from_id    uuid not null,
    places     integer not null default 0,
    primary key (company_id, number)
);

-- Every place of a file once more, for who searches many rooms: apart, so that it is narrow and that the rooms' own
-- index is left alone. Who writes places need not know of it.
create table company_places (
    company_id uuid not null,
    room_id    uuid not null,
    file_id    uuid not null,
    live       boolean not null,
    bucket     integer not null,
    -- Grams as a place has them, and the size, hashed with company and bucket.
    tokens     integer[] not null
);

-- How many binary digits a size has: sizes of one length are looked up together.
create function size_class_1(p_size bigint) returns integer language sql immutable parallel safe as $$
    select length(ltrim(p_size::bit(64)::text, '0'))
$$;
create function size_gram_1(p_class integer) returns integer language sql immutable parallel safe as $$
    select hashtext('size:' || p_class)
$$;

-- A file's tokens within a bucket of its company.
create function company_tokens_1(p_bucket integer, f files) returns integer[] language sql immutable parallel safe as $$
    select bucket_tokens_1(f.company_id, p_bucket,
        file_grams_1(f.grams, f.uploader_id, f.content_type) || size_gram_1(size_class_1(f.size)))
$$;

-- The bucket that a file belongs to, with its place counted. Locks the company: no two files begin one bucket, and none
-- is put into the one before.
create function company_bucket_1(p_company uuid, p_file uuid) returns integer language plpgsql as $$
declare
    v_bucket company_buckets%rowtype;
begin
    perform 1 from companies c where c.id = p_company for no key update;
    select * into v_bucket from company_buckets b
     where b.company_id = p_company and b.from_id <= p_file
     order by b.number desc limit 1;
    if not found then
        insert into company_buckets (company_id, number, from_id)
        values (p_company, 0, '00000000-0000-0000-0000-000000000000')
        returning * into v_bucket;
    elsif v_bucket.places >= 65536 and not exists (
        select from company_places p where p.company_id = p_company and p.file_id >= p_file
    ) then
        insert into company_buckets (company_id, number, from_id)
        values (p_company, v_bucket.number + 1, p_file)
        returning * into v_bucket;
    end if;
    -- For one id in sixteen: about is enough, and who writes many at once would go through every count of the row.
    if right(p_file::text, 1) = '0' then
        update company_buckets b set places = b.places + 16
         where b.company_id = p_company and b.number = v_bucket.number;
    end if;
    return v_bucket.number;
end
$$;

create function place_in_company_1() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        delete from company_places c where c.room_id = old.room_id and c.file_id = old.file_id;
    elsif tg_op = 'UPDATE' then
        update company_places c set live = new.live, tokens = company_tokens_1(c.bucket, f)
          from files f
         where c.room_id = new.room_id and c.file_id = new.file_id and f.id = new.file_id;
    else
        insert into company_places (company_id, room_id, file_id, live, bucket, tokens)
        select new.company_id, new.room_id, new.file_id, new.live, b.number, company_tokens_1(b.number, f)
          from files f, company_bucket_1(new.company_id, new.file_id) b (number)
         where f.id = new.file_id;
    end if;
    return null;
end
$$;
-- In the order of those who write them. Whoever does so meanwhile waits: about a minute for a million files.
lock table files, file_places in share row exclusive mode;
create trigger file_places_in_company after insert on file_places for each row execute function place_in_company_1();
create trigger file_places_out_of_company after delete on file_places for each row
    execute function place_in_company_1();
create trigger file_places_in_company_again after update of live, tokens on file_places for each row
    when (old.live is distinct from new.live or old.tokens is distinct from new.tokens)
    execute function place_in_company_1();

create function resize_in_company_1() returns trigger language plpgsql as $$
begin
    update company_places c set tokens = company_tokens_1(c.bucket, new)
     where c.company_id = new.company_id and c.file_id = new.id;
    return null;
end
$$;
create trigger files_resized after update of size on files for each row
    when (size_class_1(old.size) <> size_class_1(new.size))
    execute function resize_in_company_1();

-- What is there already.
with numbered as (
    select f.company_id, f.id, (row_number() over (partition by f.company_id order by f.id) - 1) / 65536 as number
      from files f where exists (select from file_places p where p.file_id = f.id)
)
insert into company_buckets (company_id, number, from_id, places)
select n.company_id, n.number,
    case when n.number = 0 then '00000000-0000-0000-0000-000000000000' else (array_agg(n.id order by n.id))[1] end,
    count(*)
  from numbered n group by n.company_id, n.number;
insert into company_places (company_id, room_id, file_id, live, bucket, tokens)
select p.company_id, p.room_id, p.file_id, p.live, b.number, company_tokens_1(b.number, f)
  from company_buckets b
  left join company_buckets next on next.company_id = b.company_id and next.number = b.number + 1
  join files f on f.company_id = b.company_id and f.id >= b.from_id and (next.from_id is null or f.id < next.from_id)
  join file_places p on p.file_id = f.id
 order by f.id;

alter table company_places
    add primary key (room_id, file_id),
    add foreign key (company_id, room_id) references rooms (company_id, id),
    add foreign key (company_id, file_id) references files (company_id, id) on delete cascade;
create index company_places_newest on company_places (company_id, file_id desc) include (room_id, live);
create index company_places_tokens on company_places using gin (tokens) with (fastupdate = off);
analyze company_places;
revoke delete on company_buckets from maru_app;

-- What a list is filtered by besides tokens; a null means anything.
create type file_filter as (
    likes    text[],
    types    text[],
    uploader uuid,
    state    text,
    least    bigint,
    most     bigint,
    since    timestamptz,
    until    timestamptz
);

-- The least id that is made at a time. Ids are made with the rows.
create function id_at_1(p_at timestamptz) returns uuid language sql immutable strict parallel safe as $$
    select rpad(lpad(to_hex(greatest((extract(epoch from p_at) * 1000)::bigint, 0)), 12, '0'), 32, '0')::uuid
$$;

-- The newest of these files that fit, looked at one by one until there are enough.
create function fitting_files_1(p_ids uuid[], p_limit bigint, p_filter file_filter) returns uuid[]
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan as $$
declare
    v_likes text[] := p_filter.likes;
    v_types text[] := p_filter.types;
    v_uploader uuid := p_filter.uploader;
    v_state text := p_filter.state;
    v_least bigint := p_filter.least;
    v_most bigint := p_filter.most;
    v_since timestamptz := p_filter.since;
    v_until timestamptz := p_filter.until;
begin
    return array(
        select f.id from (select distinct id from unnest(p_ids) id order by id desc) found
          join files f on f.id = found.id
         where file_fits_1(f, v_likes, v_types, v_uploader, v_state, v_least, v_most, v_since, v_until)
         order by found.id desc limit p_limit);
end
$$;

-- The files of rooms among the p_steps newest places of a company, below p_before down to p_from; each file from `cut`
-- on was seen, all of them where there is none.
create function walk_company_1(
    p_company uuid, p_rooms uuid[], p_from uuid, p_before uuid, p_steps bigint, out ids uuid[], out cut uuid
) language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_nestloop = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan as $$
begin
    select coalesce(array_agg(step.file_id) filter (where room.id is not null), '{}'),
        (array_agg(step.file_id))[p_steps]
      into ids, cut
      from (
          select c.file_id, c.room_id from company_places c
           where c.company_id = p_company and c.live and c.file_id < p_before and c.file_id >= p_from
           order by c.file_id desc fetch first (p_steps) rows with ties
      ) step
      left join unnest(p_rooms) room (id) on room.id = step.room_id;
end
$$;

-- The files of rooms with all p_tokens, and one of p_any if there are any, below p_before down to p_from; and how many
-- places were passed.
create function probe_company_1(
    p_company uuid, p_rooms uuid[], p_tokens integer[], p_any integer[], p_from uuid, p_before uuid,
    out ids uuid[], out passed bigint
) language plpgsql stable
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set enable_nestloop = off
set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
begin
    -- Written so that only the index of tokens is of use.
    if p_any is null then
        select coalesce(array_agg(c.file_id) filter (where room.id is not null), '{}'), count(*) into ids, passed
          from company_places c
          left join unnest(p_rooms) room (id) on room.id = c.room_id
         where c.tokens @> p_tokens
           and (c.company_id = p_company and c.live and c.file_id < p_before and c.file_id >= p_from) is true;
    else
        select coalesce(array_agg(c.file_id) filter (where room.id is not null), '{}'), count(*) into ids, passed
          from company_places c
          left join unnest(p_rooms) room (id) on room.id = c.room_id
         where c.tokens @> p_tokens and c.tokens && p_any
           and (c.company_id = p_company and c.live and c.file_id < p_before and c.file_id >= p_from) is true;
    end if;
end
$$;

-- The newest files of many rooms that fit: of the company's newest places, then of its buckets. Gives up where too many
-- places are other people's: each file from `cut` on was seen, all of them where there is none.
create function search_company_1(
    p_company uuid, p_rooms uuid[], p_grams integer[], p_sizes integer[], p_from uuid, p_before uuid, p_limit bigint,
    p_filter file_filter, out page uuid[], out cut uuid
) language plpgsql stable as $$
declare
    -- How many of the newest files are looked at before tokens are asked, among how many places at most; and at how
    -- many places of other people's it gives up.
    c_walked constant bigint := 768;
    c_steps  constant bigint := 8192;
    c_others constant bigint := 16384;
    v_tokens constant boolean := cardinality(p_grams) > 0 or p_sizes is not null;
    v_ids    uuid[];
    v_some   bigint := c_walked;
    v_passed bigint := 0;
    v_looked bigint := 0;
    v_bucket record;
begin
    page := '{}';
    cut := p_before;
    loop
        select w.ids, w.cut into v_ids, cut from walk_company_1(p_company, p_rooms, p_from, cut, v_some) w;
        if v_tokens and v_looked + cardinality(v_ids) > c_walked then
            v_ids := v_ids[:c_walked - v_looked];
            cut := v_ids[c_walked - v_looked];
        end if;
        page := page || fitting_files_1(v_ids, p_limit - cardinality(page), p_filter);
        if cut is null or cardinality(page) >= p_limit then
            cut := null;
            return;
        end if;
        v_passed := v_passed + v_some;
        v_looked := v_looked + cardinality(v_ids);
        exit when v_passed >= c_steps or (v_tokens and v_looked >= c_walked);
        -- As many as it takes when they lie as they did so far.
        v_some := least(greatest((c_walked - v_looked) * v_passed / greatest(v_looked, 1), c_walked), c_steps);
    end loop;
    if not v_tokens then
        return;
    end if;
    v_passed := 0;
    for v_bucket in
        select b.number, b.from_id from company_buckets b
         where b.company_id = p_company and b.from_id < cut order by b.number desc
    loop
        select w.ids, w.passed into v_ids, v_some
          from probe_company_1(p_company, p_rooms, bucket_tokens_1(p_company, v_bucket.number, p_grams),
              case when p_sizes is not null then bucket_tokens_1(p_company, v_bucket.number, p_sizes) end,
              p_from, cut) w;
        page := page || fitting_files_1(v_ids, p_limit - cardinality(page), p_filter);
        v_passed := v_passed + v_some - cardinality(v_ids);
        if cardinality(page) >= p_limit or v_bucket.from_id <= p_from then
            exit;
        elsif v_passed >= c_others then
            cut := v_bucket.from_id;
            return;
        end if;
    end loop;
    cut := null;
end
$$;

-- The newest places of each of some rooms, below p_before down to p_from: all from `cut` on, all of them where there is
-- none.
create function walk_rooms_1(
    p_rooms uuid[], p_from uuid, p_before uuid, p_each bigint, out ids uuid[], out cut uuid
) language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan as $$
declare
    v_room uuid;
    v_some uuid[];
begin
    ids := '{}';
    foreach v_room in array p_rooms loop
        v_some := array(
            select p.file_id from file_places p
             where p.room_id = v_room and p.live and p.file_id < p_before and p.file_id >= coalesce(cut, p_from)
             order by p.file_id desc limit p_each);
        ids := ids || v_some;
        if cardinality(v_some) = p_each then
            cut := v_some[p_each];
        end if;
    end loop;
    ids := array(select id from unnest(ids) id where cut is null or id >= cut order by id desc);
end
$$;

-- The places of a room with all p_tokens, below p_before down to p_from.
create function probe_room_1(p_room uuid, p_tokens integer[], p_from uuid, p_before uuid) returns uuid[]
language plpgsql stable
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
begin
    -- Written so that only the index of tokens is of use.
    return array(
        select p.file_id from file_places p
         where p.tokens @> p_tokens
           and (p.room_id = p_room and p.live and p.file_id < p_before and p.file_id >= p_from) is true);
end
$$;

-- The newest files of rooms that fit: of each room's newest places, then of its buckets. Rooms are best given with the
-- liveliest first.
create function search_rooms_1(
    p_rooms uuid[], p_grams integer[], p_from uuid, p_before uuid, p_limit bigint, p_filter file_filter
) returns uuid[] language plpgsql stable as $$
declare
    c_walked constant bigint := 768;
    v_tokens constant boolean := cardinality(p_grams) > 0;
    v_each   bigint := case when v_tokens then greatest(c_walked / cardinality(p_rooms), 32) else p_limit end;
    v_ids    uuid[];
    v_cut    uuid := p_before;
    v_from   uuid := p_from;
    v_page   uuid[] := '{}';
    v_room   uuid;
    v_bucket record;
begin
    loop
        select w.ids, w.cut into v_ids, v_cut from walk_rooms_1(p_rooms, p_from, v_cut, v_each) w;
        if v_tokens and cardinality(v_ids) > c_walked then
            v_ids := v_ids[:c_walked];
            v_cut := v_ids[c_walked];
        end if;
        v_page := v_page || fitting_files_1(v_ids, p_limit - cardinality(v_page), p_filter);
        if v_cut is null or cardinality(v_page) >= p_limit then
            return v_page;
        end if;
        exit when v_tokens;
        v_each := v_each * 2;
    end loop;
    foreach v_room in array p_rooms loop
        for v_bucket in
            select b.number, b.from_id from file_buckets b
             where b.room_id = v_room and b.from_id < v_cut order by b.number desc
        loop
            v_ids := probe_room_1(v_room, bucket_tokens_1(v_room, v_bucket.number, p_grams), v_from, v_cut);
            if cardinality(v_ids) > 0 then
                v_page := v_page || fitting_files_1(v_ids, p_limit, p_filter);
                v_page := array(select distinct id from unnest(v_page) id order by id desc limit p_limit);
                if cardinality(v_page) = p_limit then
                    -- What is older is on no page.
                    v_from := v_page[p_limit];
                end if;
            end if;
            exit when v_bucket.from_id <= v_from;
        end loop;
    end loop;
    return v_page;
end
$$;

-- As find_files_1; many rooms are searched by what the company keeps of all.
create function find_files_2(
    p_company uuid, p_user uuid, p_room uuid, p_before uuid, p_limit bigint, p_likes text[], p_grams integer[],
    p_types text[], p_type text, p_uploader uuid, p_state text, p_least bigint, p_most bigint, p_since timestamptz,
    p_until timestamptz
) returns setof uuid language plpgsql stable rows 50 as $$
declare
    -- That many rooms, or rooms with that many files, are searched one by one; for a size, of which rooms have no
    -- tokens, only the latter.
    c_few    constant integer := 64;
    c_some   constant integer := 8192;
    v_filter constant file_filter := (p_likes, p_types, p_uploader, p_state, p_least, p_most, p_since, p_until);
    -- Files are made with their ids, give or take a day.
    v_from   constant uuid := coalesce(id_at_1(p_since - interval '1 day'), '00000000-0000-0000-0000-000000000000');
    v_before uuid := least(p_before, id_at_1(p_until + interval '1 day'), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_rooms  uuid[];
    v_grams  integer[] := p_grams;
    v_sizes  integer[];
    v_page   uuid[] := '{}';
begin
    if p_room is not null then
        select array_agg(r.id) into v_rooms
          from rooms r
          join users u on u.company_id = p_company and u.id = p_user and u.status = 'active'
          left join room_members mine on mine.room_id = r.id and mine.user_id = u.id
         where r.company_id = p_company and r.id = p_room and r.status <> 'deleted'
           and (mine.user_id is not null or (r.type = 'public' and u.role <> 'guest'));
    else
        select coalesce(array_agg(r.id order by r.last_activity_at desc) filter (where r.id is not null), '{}')
          into v_rooms
          from users u
          left join room_members mine on mine.user_id = u.id
          left join rooms r on r.company_id = p_company and r.id = mine.room_id and r.status <> 'deleted'
         where u.company_id = p_company and u.id = p_user and u.status = 'active'
        having count(*) > 0;
    end if;
    if v_rooms is null then
        return;
    end if;
    return next null::uuid;
    if v_rooms = '{}' then
        return;
    end if;

    if p_uploader is not null then
        v_grams := v_grams || sender_gram_1(p_uploader);
    end if;
    if p_type is not null then
        v_grams := v_grams || type_gram_1(p_type);
    end if;
    if p_least is not null or p_most is not null then
        v_sizes := array(
            select size_gram_1(class)
              from generate_series(size_class_1(coalesce(p_least, 0)),
                  size_class_1(coalesce(p_most, 9223372036854775807))) class);
    end if;
    if (v_sizes is not null or cardinality(v_rooms) > c_few and cardinality(v_rooms) > (
        select count(*) from company_buckets b where b.company_id = p_company
    )) and c_some < (
        select sum(b.files) from file_buckets b where b.room_id = any (v_rooms)
    ) then
        select s.page, s.cut into v_page, v_before
          from search_company_1(p_company, v_rooms, v_grams, v_sizes, v_from, v_before, p_limit, v_filter) s;
    end if;
    if v_before is not null then
        v_page := v_page || search_rooms_1(v_rooms, v_grams, v_from, v_before, p_limit - cardinality(v_page), v_filter);
    end if;
    return query select unnest(v_page);
end
$$;

-- What nothing asks any more: begin_uploads_4 is them in one. find_files_1 stays for the release before this one.
drop function begin_uploads_3(uuid, uuid, uuid, jsonb, jsonb, jsonb, integer, jsonb);
drop function begin_uploads_2(uuid, uuid, uuid, jsonb, jsonb, jsonb, integer, jsonb);
drop function begin_uploads_1(uuid, uuid, uuid, jsonb, jsonb, jsonb, integer, jsonb);
drop function reads_room_1(uuid, uuid, uuid);
