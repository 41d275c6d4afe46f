<?php
// Prints the requests that SoapClient makes of calls, [[method, [parameter, …]], …] on standard
// input, from a WSDL for a version of SOAP.

declare(strict_types=1);

final class Recorder extends SoapClient
{
    public array $requests = [];

    public function __doRequest(
        string $request,
        string $location,
        string $action,
        int $version,
        bool $oneWay = false
    ): ?string {
        $this->requests[] = $request;
        return '';
    }
}

$client = new Recorder($argv[1], [
    'cache_wsdl' => WSDL_CACHE_NONE,
    'soap_version' => $argv[2] === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'exceptions' => false,
]);
foreach (json_decode(file_get_contents('php://stdin'), true) as [$method, $parameters]) {
    $client->__soapCall($method, $parameters);
}
echo json_encode($client->requests, JSON_THROW_ON_ERROR);
