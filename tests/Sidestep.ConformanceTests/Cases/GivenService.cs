using System.Globalization;
using System.Net;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A virtual service of a row.</summary>
internal static class GivenService
{
    /// <summary>One service, or with <c>repeat</c> several: name-0, name-1 and so on, on consecutive ports or
    /// VIPs.</summary>
    public static IEnumerable<VirtualService> Read(string name, CaseNode node, HostNames names)
    {
        node.Only("vip", "vips", "protocol", "port", "ports", "pool", "profile", "accessList", "oncePerDatagram",
            "onNoServer", "enabled", "trafficEnabled", "repeat");
        if (node["vip"].Exists == node["vips"].Exists)
            throw node.Wrong("either 'vip' or 'vips'");
        var protocol = Enum.Parse<TransportProtocol>(node["protocol"].Text, ignoreCase: true);
        var one = new VirtualService
        {
            Name = name,
            Vips = node["vip"].Exists ? [names.Prefix(node["vip"])] : [.. node["vips"].Items.Select(names.Prefix)],
            Protocol = protocol,
            Ports = protocol == TransportProtocol.Any ? [PortRange.Any]
                : node["ports"].Exists ? [.. ReadPorts(node["ports"])]
                : [PortRange.One((int)node["port"].Number)],
            Pool = node["pool"].Text,
            NetworkProfile = node["profile"].Exists ? node["profile"].Text : null,
            AccessList = node["accessList"].Exists ? node["accessList"].Text : null,
            OncePerDatagram = node["oncePerDatagram"].FlagOr(false),
            OnNoServer = RejectPolicyOr(node["onNoServer"]),
            Enabled = node["enabled"].FlagOr(true),
            TrafficEnabled = node["trafficEnabled"].FlagOr(true),
        };
        if (!node["repeat"].Exists)
            return [one];
        var repeat = node["repeat"].Only("ports", "vips");
        var ports = (int)repeat["ports"].NumberOr(1);
        return Enumerable.Range(0, ports * (int)repeat["vips"].NumberOr(1)).Select(i => one with
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"),
            Vips = [Plus(one.Vips[0], i / ports)],
            Ports = [PortRange.One(one.Ports[0].First + i % ports)],
        });
    }

    /// <summary>Rows that name no policy drop.</summary>
    public static RejectPolicy RejectPolicyOr(CaseNode node) =>
        node.Exists ? CaseEnum.Parse<RejectPolicy>(node) : RejectPolicy.Drop;

    /// <summary><c>any</c>, or a list of ports and of <c>FIRST-LAST</c>.</summary>
    private static IEnumerable<PortRange> ReadPorts(CaseNode node)
    {
        if (node.IsText && node.Text == "any")
            return [PortRange.Any];
        return node.Items.Select(static item =>
        {
            var ends = item.Text.Split('-').Select(static end => ushort.Parse(end, CultureInfo.InvariantCulture))
                .ToArray();
            return new PortRange(ends[0], ends[^1]);
        });
    }

    private static IPNetwork Plus(IPNetwork vip, int number)
    {
        var bytes = vip.BaseAddress.GetAddressBytes();
        for (var i = bytes.Length - 1; i >= 0 && number > 0; i--)
        {
            number += bytes[i];
            bytes[i] = (byte)number;
            number >>= 8;
        }
        return new IPNetwork(new IPAddress(bytes), vip.PrefixLength);
    }
}
