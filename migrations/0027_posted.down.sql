-- Before, a worker noted the acknowledgement; of what is noted already it has nothing to do.
select 1;
