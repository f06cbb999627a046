-- Roles, tables and products of the shop; :names come from the supervisor.
create role catalog login password :'catalog';
create role orders login password :'orders';
create role payments login password :'payments';
-- what a console needs to look, and what it needs to act
create role quarterdeck login password :'quarterdeck' in role pg_monitor;
create role quarterdeck_operator login password :'operator' in role pg_monitor, pg_signal_backend;
create database shop;
\connect shop
create table products (
    id int primary key,
    name text not null,
    price_cents int not null,
    stock int not null
);
create table orders (
    id bigint generated always as identity primary key,
    user_id text not null,
    product_id int not null,
    amount_cents int not null,
    state text not null,
    created_at timestamptz not null default now()
);
create table charges (
    id bigint generated always as identity primary key,
    order_id bigint not null,
    amount_cents int not null,
    attempts int not null,
    created_at timestamptz not null default now()
);
insert into products
    select n, 'Product ' || n, 500 + n * 37 % 9500, 1000 from generate_series(1, 200) as n;
grant select, update on products to catalog;
grant select on orders to catalog;
grant select, insert, update on orders to orders;
grant select, insert on charges to payments;
grant usage on all sequences in schema public to orders, payments;
