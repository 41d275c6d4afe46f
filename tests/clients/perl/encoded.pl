#!/usr/bin/perl
# The scenario in SOAP rpc/encoded, by the methods that SOAP::Lite makes from the WSDL. In SOAP 1.2
# by plain calls: SOAP::Lite takes rpc:result, which names the result, for the result, and doesn't
# know arrays.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SOAP::Lite;
use Steps;

my ($url, $version) = (@ARGV, '1.1');
my $api = SOAP::Lite->soapversion($version)->service("$url?wsdl&style=rpc")
    ->on_fault(\&Steps::refuse);
# The generated methods can't pass a hash; a plain call can.
my $plain = SOAP::Lite->soapversion($version)->proxy($url)->ns($url)->on_fault(\&Steps::refuse);

Steps::run(sub {
    my ($method, $params) = @_;
    my @names = @{ $Steps::PARAMETERS{$method} };
    return $api->$method(@$params{@names}) unless $params->{record} || $version eq '1.2';
    my %type = (record => 'map', apiKey => 'string', doUpdate => 'boolean');
    my @values = map {
        my $data = SOAP::Data->name($_ => $params->{$_});
        $type{$_} ? $data->type($type{$_}) : $data;
    } grep { exists $params->{$_} } @names;
    my $answer = $plain->call($method, @values);
    return $version eq '1.2'
        ? listed($answer->valueof('/Envelope/Body/[1]/return')) : $answer->result;
});

# Arrays of SOAP 1.2 as lists.
sub listed {
    my ($value) = @_;
    return { map { $_ => listed($value->{$_}) } keys %$value } if ref $value eq 'HASH';
    return $value unless ref $value eq 'Array';
    my $items = $value->{item} // [];
    return [map { listed($_) } ref $items eq 'ARRAY' ? @$items : $items];
}
