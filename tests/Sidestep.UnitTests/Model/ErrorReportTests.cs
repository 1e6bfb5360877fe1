namespace Sidestep.UnitTests.Model;

public sealed class ErrorReportTests
{
    // Every part has another error; none of them may hide another one.
    private const string Document = """
        director:
          name: Edge
          interfaces:
            - name: eth0
              driver: fast
            - eth1
          hashKey: abc
          onExit: stay
          pinPath: relative
        networkProfile: []
        networkProfiles:
          - name: fast
            dsrType: l4
          - dsrType: l2
        pools:
          - name: web
            slots: 1000
            servers:
              - { name: web1, address: 10.0.0.300, weight: heavy }
              - { name: web1, address: 10.0.0.12, port: 81, backup: maybe }
              - { name: web3, address: 203.0.113.10, cookie: on }
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: wbe, networkProfile: slow }
          - { name: api, vip: 224.0.0.1, protocol: sctp, pool: web, tls: true }
        """;

    [Fact]
    public void All_errors_of_a_document_are_reported_together_in_document_order()
    {
        var result = TestDocument.Read(Document);

        Assert.Null(result.Configuration);
        Assert.Equal(
            [
                "2:9 director.name",
                "5:15 director.interfaces[0].driver",
                "6:7 director.interfaces[1]",
                "7:12 director.hashKey",
                "8:11 director.onExit",
                "9:12 director.pinPath",
                "10:1 networkProfile",
                "13:14 networkProfiles[0].dsrType",
                "14:5 networkProfiles[1].name",
                "17:12 pools[0].slots",
                "19:32 pools[0].servers[0].address",
                "19:52 pools[0].servers[0].weight",
                "20:17 pools[0].servers[1].name",
                "20:49 pools[0].servers[1].port",
                "20:61 pools[0].servers[1].backup",
                "21:32 pools[0].servers[2].address",
                "21:46 pools[0].servers[2].cookie",
                "24:13 virtualServices[1].name",
                "24:58 virtualServices[1].port",
                "24:68 virtualServices[1].pool",
                "24:89 virtualServices[1].networkProfile",
                "25:5 virtualServices[2].port",
                "25:23 virtualServices[2].vip",
                "25:44 virtualServices[2].protocol",
                "25:61 virtualServices[2].tls",
            ],
            result.Errors.Select(e => $"{e.Line}:{e.Column} {e.Path}"));
    }

    [Fact]
    public void Warnings_are_reported_along_with_errors()
    {
        var result = TestDocument.Read(TestDocument.Valid
            .Replace("port: 443", "port: 0", StringComparison.Ordinal)
            .Replace("dsrType: l2", "dsrType: l2\n    encapsulation: ipip", StringComparison.Ordinal));

        Assert.Single(result.Errors);
        Assert.Single(result.Warnings);
    }
}
