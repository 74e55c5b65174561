-- Finding files: by name, type, sender, size, date; newest first, in one room or in all of a person's.
--
-- A common word is found by walking the newest files; a rare one by its tokens, bucket by bucket from the newest, until
-- the page is full. The index narrows down, the text decides. Neither way costs more for one word than for another.

-- Whether a file is what a list is filtered by; a null means anything.
create function file_fits_1(
    f files, p_likes text[], p_types text[], p_uploader uuid, p_state text, p_least bigint, p_most bigint,
    p_since timestamptz, p_until timestamptz
) returns boolean language sql stable as $$
    select f.search_text like all (p_likes)
       and (p_types is null or f.content_type like any (p_types))
       and (p_uploader is null or f.uploader_id = p_uploader)
       and (p_state is null or f.status = p_state)
       and (p_least is null or f.size >= p_least)
       and (p_most is null or f.size <= p_most)
       and (p_since is null or f.created_at >= p_since)
       and (p_until is null or f.created_at < p_until)
$$;

-- The newest files of rooms with ids from p_from up to (and without) p_before that fit: a walk along the rooms' lists.
-- A function of its own for the sake of its settings: whatever the planner guesses, it walks.
create function walk_files_1(
    p_rooms uuid[], p_from uuid, p_before uuid, p_limit bigint, p_likes text[], p_types text[], p_uploader uuid,
    p_state text, p_least bigint, p_most bigint, p_since timestamptz, p_until timestamptz
) returns uuid[] language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    v_room  uuid;
    v_found uuid[] := '{}';
begin
    foreach v_room in array p_rooms loop
        v_found := v_found || array(
            select p.file_id from file_places p join files f on f.id = p.file_id
             where p.room_id = v_room and p.live and p.file_id < p_before and p.file_id >= p_from
               and file_fits_1(f, p_likes, p_types, p_uploader, p_state, p_least, p_most, p_since, p_until)
             order by p.file_id desc limit p_limit);
    end loop;
    return array(select distinct id from unnest(v_found) id order by id desc limit p_limit);
end
$$;

-- The newest files of a room's bucket below p_before that fit, by their tokens.
create function probe_files_1(
    p_room uuid, p_tokens integer[], p_before uuid, p_limit bigint, p_likes text[], p_types text[], p_uploader uuid,
    p_state text, p_least bigint, p_most bigint, p_since timestamptz, p_until timestamptz
) returns uuid[] language plpgsql stable
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
declare
    v_places uuid[];
begin
    -- The room is written so that only the index of tokens is of use.
    v_places := array(
        select p.file_id from file_places p
         where p.tokens @> p_tokens and (p.room_id = p_room) is true and p.live is true and p.file_id < p_before);
    return array(
        select f.id from unnest(v_places) place join files f on f.id = place
         where file_fits_1(f, p_likes, p_types, p_uploader, p_state, p_least, p_most, p_since, p_until)
         order by f.id desc limit p_limit);
end
$$;

-- A page of files: the ids, newest first. Of the room p_room, or of all rooms that p_user is in. The first row has no
-- id; no row at all: the person is not active, or the room is not there for them.
create function find_files_1(
    p_company uuid, p_user uuid, p_room uuid, p_before uuid, p_limit bigint, p_likes text[], p_grams integer[],
    p_types text[], p_type text, p_uploader uuid, p_state text, p_least bigint, p_most bigint, p_since timestamptz,
    p_until timestamptz
) returns setof uuid language plpgsql stable rows 50 as $$
#variable_conflict use_variable
declare
    -- How many of the newest files are walked before tokens are asked.
    c_walked constant integer := 1536;
    v_rooms  uuid[];
    v_room   uuid;
    v_bucket integer;
    v_grams  integer[] := p_grams;
    v_before uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_each   bigint;
    v_cut    uuid;
    v_page   uuid[];
    v_more   uuid[];
    v_of     uuid[];
    v_none   constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    select array_agg(r.id) into v_rooms
      from rooms r
      join users u on u.company_id = p_company and u.id = p_user and u.status = 'active'
      left join room_members mine on mine.room_id = r.id and mine.user_id = u.id
     where r.company_id = p_company and r.status <> 'deleted'
       and case when p_room is null then mine.user_id is not null
                else r.id = p_room and (mine.user_id is not null or (r.type = 'public' and u.role <> 'guest')) end
       and (p_room is null or r.id = p_room)
       and (p_room is not null or r.id in (select i.room_id from room_members i where i.user_id = p_user));
    if v_rooms is null and (p_room is not null or not exists (
        select from users u where u.company_id = p_company and u.id = p_user and u.status = 'active'
    )) then
        return;
    end if;
    return next null::uuid;
    if v_rooms is null then
        return;
    end if;

    if p_uploader is not null then
        v_grams := v_grams || sender_gram_1(p_uploader);
    end if;
    if p_type is not null then
        v_grams := v_grams || type_gram_1(p_type);
    end if;
    if cardinality(v_grams) > 0 then
        -- Every file from v_cut on has been walked, whatever the room.
        v_each := greatest(c_walked / cardinality(v_rooms), 32);
        select walked.file_id into v_cut
          from unnest(v_rooms) room
         cross join lateral (
             select p.file_id from file_places p
              where p.room_id = room and p.live and p.file_id < v_before
              order by p.file_id desc offset v_each - 1 limit 1
         ) walked
         order by walked.file_id desc limit 1;
    end if;
    v_page := walk_files_1(v_rooms, coalesce(v_cut, v_none), v_before, p_limit, p_likes, p_types, p_uploader, p_state,
        p_least, p_most, p_since, p_until);
    if v_cut is null or cardinality(v_page) >= p_limit then
        return query select unnest(v_page);
        return;
    end if;

    v_more := '{}';
    foreach v_room in array v_rooms loop
        v_of := '{}';
        for v_bucket in
            select b.number from file_buckets b where b.room_id = v_room and b.from_id < v_cut order by b.number desc
        loop
            v_of := v_of || probe_files_1(v_room, bucket_tokens_1(v_room, v_bucket, v_grams), v_cut, p_limit, p_likes,
                p_types, p_uploader, p_state, p_least, p_most, p_since, p_until);
            exit when cardinality(v_page) + cardinality(v_of) >= p_limit;
        end loop;
        v_more := v_more || v_of;
    end loop;
    return query
        select found.id from (select unnest(v_page) as id union select unnest(v_more)) found
         order by found.id desc limit p_limit;
end
$$;
