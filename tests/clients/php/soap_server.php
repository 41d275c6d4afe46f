<?php
// A SoapServer, as Kimai 1 was one: its methods return, or throw, what the file $RESULTS has.
// Run by php -S, with the WSDL in $CONTRACT.

declare(strict_types=1);

function result(string $method): mixed
{
    $result = json_decode(file_get_contents(getenv('RESULTS')), true)[$method];
    if (isset($result['fault'])) {
        throw new SoapFault($result['fault']['code'], $result['fault']['text']);
    }
    return $result;
}

// As in Kimai; the version of a response is that of its request.
$options = ['soap_version' => SOAP_1_2, 'cache_wsdl' => WSDL_CACHE_NONE];
$server = new SoapServer(getenv('CONTRACT'), $options);
// Not one __call: SoapServer would call it for headers too.
$methods = array_map(
    fn (string $name) => "function $name() { return result('$name'); }",
    array_keys(json_decode(file_get_contents(getenv('RESULTS')), true))
);
eval('final class Api { ' . implode(' ', $methods) . ' }');
$server->setObject(new Api());
$server->handle();
