using System.Net;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.UnitTests.Daemon;

/// <summary>A director with a layer-2 service of two servers, a GUE service of one server behind a router, and a
/// peer.</summary>
internal static class TestDirector
{
    public const string Yaml = """
        node:
          name: edge1
          interfaces: [ { name: eth0 } ]
        group:
          hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
          onNoService: drop
          peers: [ 10.0.0.3 ]
        networkProfiles:
          - { name: near, dsrType: l2 }
          - { name: far, encapsulation: gue, guePort: 6081 }
        pools:
          - name: web
            servers: [ { name: web1, address: 10.0.0.11 }, { name: web2, address: 10.0.0.12 } ]
          - name: dns
            servers: [ { name: dns1, address: 10.1.0.11 } ]
        virtualServices:
          - name: www
            vips: [ 203.0.113.10, "2001:db8:113::10" ]
            protocol: tcp
            port: 80
            pool: web
            networkProfile: near
          - { name: dns, vip: 203.0.113.53, protocol: udp, port: 53, pool: dns, networkProfile: far }
        """;

    public static readonly EgressInterface Eth0 = new(2, "eth0", new MacAddress(0x0200_0000_0002),
        IPAddress.Parse("10.0.0.2"),
        1500, IPAddress.Parse("2001:db8::2"));

    public static readonly MacAddress Web1 = new(0x0200_0000_0011), Web2 = new(0x0200_0000_0012),
        Router = new(0x0200_0000_0001), Peer = new(0x0200_0000_0003);

    /// <summary>The director's machine.</summary>
    public static HostInfo Host { get; } = new([new HostInterface("eth0",
        [new HostAddress(IPAddress.Parse("10.0.0.2"), 24), new HostAddress(IPAddress.Parse("2001:db8::2"), 64)])]);

    public static Configuration Configuration { get; } = Read(Yaml);

    public static NextHopTable NextHops { get; } = new([Eth0], new Dictionary<VrfAddress, NextHop>
    {
        [VrfAddress.Parse("10.0.0.11")] = new(Eth0, Web1),
        [VrfAddress.Parse("10.0.0.12")] = new(Eth0, Web2),
        [VrfAddress.Parse("10.1.0.11")] = new(Eth0, Router, ViaRouter: true),
    }, new Dictionary<VrfAddress, string>())
    {
        Peers = new Dictionary<VrfAddress, MacAddress> { [VrfAddress.Parse("10.0.0.3")] = Peer },
    };

    public static EffectiveConfiguration Effective { get; } = new(Configuration);

    public static ForwardingTables Tables { get; } = TableCompiler.Compile(Configuration, NextHops);

    public static AppliedState Applied { get; } =
        new(Effective, Tables, NextHops, [new AttachedInterface("eth0", Driver.Native, null)]);

    public static Configuration Read(string yaml)
    {
        var result = ConfigurationReader.Read(yaml, null);
        return result.Configuration
            ?? throw new ArgumentException(
            string.Join('\n', result.Errors.Select(static e => e.Format("yaml", "error"))));
    }

    /// <summary>The configuration with a text replaced.</summary>
    public static Configuration With(string text, string replacement)
    {
        Assert.Contains(text, Yaml, StringComparison.Ordinal);
        return Read(Yaml.Replace(text, replacement, StringComparison.Ordinal));
    }
}
