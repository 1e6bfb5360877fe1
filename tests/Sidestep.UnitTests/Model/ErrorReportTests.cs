namespace Sidestep.UnitTests.Model;

public sealed class ErrorReportTests
{
    // Every part has another error; none of them may hide another one.
    private const string Document = """
        node:
          name: Edge
          interfaces:
            - name: eth0
              driver: fast
            - eth1
          onExit: stay
          pinPath: relative
        group:
          hashKey: abc
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
          - { name: api, vip: 224.0.0.1, protocol: icmp, pool: web, tls: true }
        """;

    [Fact]
    public void All_errors_of_a_document_are_reported_together_in_document_order()
    {
        var result = TestDocument.Read(Document);

        Assert.Null(result.Configuration);
        Assert.Equal(
            [
                "2:9 node.name",
                "5:15 node.interfaces[0].driver",
                "6:7 node.interfaces[1]",
                "7:11 node.onExit",
                "8:12 node.pinPath",
                "10:12 group.hashKey",
                "11:1 networkProfile",
                "14:14 networkProfiles[0].dsrType",
                "15:5 networkProfiles[1].name",
                "18:12 pools[0].slots",
                "20:32 pools[0].servers[0].address",
                "20:52 pools[0].servers[0].weight",
                "21:17 pools[0].servers[1].name",
                "21:49 pools[0].servers[1].port",
                "21:61 pools[0].servers[1].backup",
                "22:32 pools[0].servers[2].address",
                "22:46 pools[0].servers[2].cookie",
                "25:13 virtualServices[1].name",
                "25:58 virtualServices[1].port",
                "25:68 virtualServices[1].pool",
                "25:89 virtualServices[1].networkProfile",
                "26:5 virtualServices[2].port",
                "26:23 virtualServices[2].vip",
                "26:44 virtualServices[2].protocol",
                "26:61 virtualServices[2].tls",
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
