using System.Net;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

public sealed class ValidDocumentTests
{
    private const string Minimal = """
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"
        """;

    /// <summary>Draining servers of weight 0 get no new flows, as a fallback neither.</summary>
    [Theory]
    [InlineData(1, "true", 0)]
    [InlineData(0, "true", 1)]
    [InlineData(1, "false", 1)]
    public void Pool_that_falls_back_to_draining_servers_has_a_server(int weight, string fallback, int warnings)
    {
        var result = ConfigurationReader.Read(Minimal + $$"""

            pools:
              - name: a
                fallbackToDraining: {{fallback}}
                servers: [{ name: s, address: 10.0.0.1, state: draining, weight: {{weight}} }]
            virtualServices:
              - { name: v, vip: 203.0.113.1, protocol: tcp, port: 80, pool: a }
            """, null);
        Assert.Equal(fallback == "true", result.Configuration!.Pools[0].FallbackToDraining);
        Assert.Equal(warnings, result.Warnings.Count(static w => w.Reason.Contains("so the service gets no new flows",
            StringComparison.Ordinal)));
    }

    [Fact]
    public void Shipped_example_is_read_as_written()
    {
        var result = ConfigurationReader.Read(Repository.Read("docs/example.yaml"), null);

        Assert.Empty(result.Errors);
        var configuration = result.Configuration!;
        Assert.Equal("edge1", configuration.Node.Name);
        Assert.Equal([new DirectorInterface("eth0", Driver.Auto)], configuration.Node.Interfaces);
        Assert.Equal(new HashKey(0x0123456789abcdef, 0x0123456789abcdef), configuration.Group.HashKey);
        Assert.Equal(
            [
                new() { Name = "fast-l2", Type = ProfileType.TcpFastPath, DsrType = DsrType.L2 },
                new()
                {
                    Name = "routed-udp",
                    Type = ProfileType.UdpFastPath,
                    OuterSource4 = IPNetwork.Parse("198.18.0.0/15"),
                    OuterSource6 = IPNetwork.Parse("2001:db8:1::/64"),
                    UdpOnRebalance = UdpRebalancePolicy.Move,
                },
                new()
                {
                    Name = "routed-gue",
                    Encapsulation = Encapsulation.Gue,
                    IdleTimeouts = new IdleTimeouts(3600, 120, 2, AfterFin: 120, AfterRst: 10),
                },
            ],
            configuration.NetworkProfiles);
        Assert.Equal(["web", "names", "files"], configuration.Pools.Select(p => p.Name));
        Assert.Equal(HashFields.FiveTuple, configuration.Pools[1].HashFields);
        Assert.Equal(
            new RealServer
            {
                Name = "web3",
                Address = IPAddress.Parse("10.0.0.13"),
                Weight = 2,
                State = ServerState.Draining
            },
            configuration.Pools[0].Servers[2]);
        Assert.Equal(
            new VirtualService
            {
                Name = "dns",
                Vips = [],
                Protocol = TransportProtocol.Udp,
                Ports = [],
                Pool = "names",
                NetworkProfile = "routed-udp",
            },
            configuration.VirtualServices[1] with { Vips = [], Ports = [] });
        Assert.Equal([IPNetwork.Parse("203.0.113.53/32"), IPNetwork.Parse("2001:db8::53/128")],
            configuration.VirtualServices[1].Vips);
        Assert.Equal([PortRange.One(21), new PortRange(50000, 50999)], configuration.VirtualServices[2].Ports);
        Assert.Equal("partners", configuration.VirtualServices[2].AccessList);
        Assert.Equal([PortRange.Any], configuration.VirtualServices[3].Ports);
        Assert.Equal(TransportProtocol.Any, configuration.VirtualServices[3].Protocol);
        Assert.Equal(new Drain(3600, DrainDeadlineAction.Reset), configuration.Pools[0].Drain);
        Assert.Equal(new Persistence(600, 24, 64), configuration.Pools[2].Persistence);
        Assert.Equal(2, configuration.Pools[2].MinServers);
        Assert.True(configuration.Pools[2].Servers[2] is { Backup: true, Encapsulation: Encapsulation.IpIp });
        Assert.Equal([IPNetwork.Parse("192.0.2.128/25")], Assert.Single(configuration.AccessLists).Deny);
        Assert.Equal([new Vip(IPNetwork.Parse("203.0.113.53/32"), EchoPolicy.Always)], configuration.Vips);
    }

    [Fact]
    public void Shipped_example_warns_only_about_its_published_key()
    {
        var result = ConfigurationReader.Read(Repository.Read("docs/example.yaml"), null);

        Assert.Equal("group.hashKey", Assert.Single(result.Warnings).Path);
    }

    [Fact]
    public void Defaults_of_the_document_match_those_of_the_records()
    {
        var configuration = ConfigurationReader.Read(Minimal + """

            networkProfiles: [{ name: p }]
            pools: [{ name: a, servers: [{ name: s, address: 10.0.0.1 }] }]
            virtualServices: [{ name: v, vip: 203.0.113.1, protocol: tcp, port: 1, pool: a }]
            """, null).Configuration!;

        var node = new NodeSettings { Interfaces = [] };
        Assert.Equal(node, configuration.Node with { Interfaces = node.Interfaces });
        var group = new GroupSettings { HashKey = configuration.Group.HashKey };
        Assert.Equal(group, configuration.Group with { Peers = group.Peers });
        Assert.Equal(new NetworkProfile { Name = "p" }, configuration.NetworkProfiles[0]);
        var pool = new Pool { Name = "a" };
        Assert.Equal(pool, configuration.Pools[0] with { Servers = pool.Servers });
        Assert.Equal(new RealServer { Name = "s", Address = IPAddress.Parse("10.0.0.1") },
            configuration.Pools[0].Servers[0]);
        Assert.Equal(
            new VirtualService
            {
                Name = "v",
                Vips = [],
                Protocol = TransportProtocol.Tcp,
                Ports = [],
                Pool = "a",
            },
            configuration.VirtualServices[0] with { Vips = [], Ports = [] });
        Assert.Equal([IPNetwork.Parse("203.0.113.1/32")], configuration.VirtualServices[0].Vips);
        Assert.Equal([PortRange.One(1)], configuration.VirtualServices[0].Ports);
    }

    [Fact]
    public void Export_by_OTLP_needs_a_URL_only()
    {
        const string Key = "node:\n  otlp: { endpoint: \"https://collector.example:4318/base\"";
        Assert.Equal(new OtlpSettings { Endpoint = "https://collector.example:4318/base" }, Read(Key));
        Assert.Equal(new OtlpSettings
        {
            Endpoint = "https://collector.example:4318/base",
            Protocol = OtlpProtocol.HttpProtobuf,
            Interval = TimeSpan.FromSeconds(15.5),
            HeadersFile = "/etc/headers",
            CaFile = "/etc/ca.pem",
            PerServer = false,
        }, Read(Key + ", protocol: http/protobuf, interval: 15.5, headersFile: /etc/headers, caFile: /etc/ca.pem, "
            + "perServer: false"));
        Assert.Equal(OtlpProtocol.Grpc, Read("node:\n  otlp: { endpoint: \"http://[::1]:4317\", protocol: grpc, "
            + "headersFile: /etc/headers")!.Protocol);

        static OtlpSettings? Read(string key)
        {
            var result = ConfigurationReader.Read(Minimal.Replace("node:", key + " }", StringComparison.Ordinal), null);
            Assert.Empty(result.Errors);
            return result.Configuration!.Node.Otlp;
        }
    }

    [Fact]
    public void Empty_or_missing_profile_means_layer_3_with_IPIP()
    {
        var empty = ConfigurationReader.Read(Minimal + "\nnetworkProfiles: [{ name: p }]\n", null)
            .Configuration!.NetworkProfiles[0];

        foreach (var profile in new[] { empty, NetworkProfile.Default })
        {
            Assert.Equal(DsrType.L3, profile.DsrType);
            Assert.Equal(Encapsulation.IpIp, profile.Encapsulation);
            Assert.Null(profile.Type);
        }
    }

    [Fact]
    public void Lists_may_be_absent_or_empty()
    {
        foreach (string lists in new[] { "", "\nnetworkProfiles: []\npools: []\nvirtualServices: []\n" })
        {
            var configuration = ConfigurationReader.Read(Minimal + lists, null).Configuration!;
            Assert.Empty(configuration.NetworkProfiles);
            Assert.Empty(configuration.Pools);
            Assert.Empty(configuration.VirtualServices);
        }
    }
}
