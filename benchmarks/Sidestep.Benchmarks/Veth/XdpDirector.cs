using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Benchmarks.Veth;

/// <summary>The real director: the product's code reads, compiles, applies and attaches its configuration.</summary>
internal sealed class XdpDirector : IDisposable
{
    internal const int Servers = 100;

    internal static readonly IPAddress L2Vip = IPAddress.Parse("198.18.100.1"),
        IpIpVip = IPAddress.Parse("198.18.100.2");

    private readonly XdpEngine _engine;

    internal XdpDirector(VethPair veth)
    {
        var (configuration, tables) = Compile(veth);
        _engine = XdpEngine.Open(configuration.Node.PinPath, configuration.Node.Name,
            configuration.Group.FlowTableSize);
        _engine.Apply(tables);
        Testbed.Enter(Testbed.ForwarderNamespace);
        _engine.Attach(configuration.Node.Interfaces);
        Forwarders =
        [
            new Forwarder("veth-ipip", "director, IP-in-IP", veth, IpIpVip, true, Servers),
            new Forwarder("veth-l2", "director, layer 2", veth, L2Vip, false, Servers),
        ];
    }

    internal IReadOnlyList<Forwarder> Forwarders { get; }

    /// <summary>The compiled tables for any engine.</summary>
    internal static (Configuration Configuration, ForwardingTables Tables) Compile(VethPair veth)
    {
        var read = ConfigurationReader.Read(Document(veth), null);
        var configuration = read.Configuration
            ?? throw new InvalidOperationException(
                $"the benchmark's own configuration is not valid: {string.Join("; ", read.Errors)}");
        return (configuration, TableCompiler.Compile(configuration, NextHopsVia(veth)));
    }

    public void Dispose()
    {
        _engine.Remove();
        _engine.Dispose();
    }

    private static string Document(VethPair veth)
    {
        var text = new StringBuilder($$"""
            node:
              name: veth
              interfaces:
                - { name: {{veth.Name}}, driver: native }
              pinPath: {{Testbed.PinPath}}
            group:
              hashKey: {{Workloads.Key}}

            networkProfiles:
              - { name: l2, dsrType: l2 }
              - { name: l3, encapsulation: ipip }

            virtualServices:
              - { name: near, vip: {{L2Vip}}, protocol: tcp, port: {{Workloads.Port}}, pool: web, networkProfile: l2 }
              - { name: far, vip: {{IpIpVip}}, protocol: tcp, port: {{Workloads.Port}}, pool: web, networkProfile: l3 }

            pools:
              - name: web
                servers:

            """);
        for (var server = 0; server < Servers; server++)
            text.Append(CultureInfo.InvariantCulture,
                $"      - {{ name: web{server}, address: {Workloads.ServerAt(server)}, weight: 1 }}\n");
        return text.ToString();
    }

    /// <summary>The next hops that a resolver would find if the servers existed.</summary>
    private static NextHops NextHopsVia(VethPair veth)
    {
        var egress = new EgressInterface(veth.ForwarderIndex, veth.Name, Workloads.DirectorMac,
            IPAddress.Parse("192.0.2.1"), 1500);
        return new NextHops(
            [egress],
            Enumerable.Range(0, Servers)
                .ToDictionary(static s => VrfAddress.InDefault(Workloads.ServerAt(s)), s =>
                    new NextHop(egress, Workloads.MacOf(s))),
            ImmutableDictionary<VrfAddress, string>.Empty);
    }
}
