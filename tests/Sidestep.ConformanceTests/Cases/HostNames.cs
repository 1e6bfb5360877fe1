using System.Globalization;
using System.Net;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>Names of hosts and their addresses, so that rows can use <c>client</c> and <c>web1</c>.</summary>
internal sealed class HostNames
{
    private readonly Dictionary<string, byte[]> _macs = [];
    private readonly Dictionary<string, IPAddress> _addresses = [];

    public HostNames(CaseNode node)
    {
        foreach (var (name, host) in node.Pairs)
        {
            host.Only("mac", "address");
            if (host["mac"].Exists)
                _macs.Add(name, Mac(host["mac"]));
            if (host["address"].Exists)
                _addresses.Add(name, Address(host["address"]));
        }
    }

    /// <summary>A name, or six hexadecimal groups.</summary>
    public byte[] Mac(CaseNode node)
    {
        if (_macs.TryGetValue(node.Text, out var known))
            return known;
        var octets = node.Text.Split(':');
        return octets.Length == 6 && octets.All(static g => g.Length == 2)
            ? [.. octets.Select(static g => byte.Parse(g, NumberStyles.HexNumber, CultureInfo.InvariantCulture))]
            : throw node.Wrong($"'{node.Text}' is neither a MAC address nor the name of a host that has one");
    }

    /// <summary>An address as a prefix of its full length, or a prefix.</summary>
    public IPNetwork Prefix(CaseNode node)
    {
        if (IPNetwork.TryParse(node.Text, out var prefix))
            return prefix;
        var address = Address(node);
        return new IPNetwork(address, address.GetAddressBytes().Length * 8);
    }

    /// <summary>A name, or an address of either family.</summary>
    public IPAddress Address(CaseNode node) =>
        _addresses.TryGetValue(node.Text, out var known) || IPAddress.TryParse(node.Text, out known)
            ? known
            : throw node.Wrong($"'{node.Text}' is neither an address nor the name of a host that has one");
}
