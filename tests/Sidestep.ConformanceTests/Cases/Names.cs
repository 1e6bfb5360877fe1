using System.Globalization;
using System.Net;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>The cast of the cases: who has which addresses, so that rows speak of <c>client</c> and <c>web1</c>.</summary>
internal sealed class Names
{
    private readonly Dictionary<string, byte[]> _macs = [];
    private readonly Dictionary<string, IPAddress> _addresses = [];

    public Names(CaseNode node)
    {
        foreach (var (name, who) in node.Pairs)
        {
            who.Only("mac", "address");
            if (who["mac"].Exists)
                _macs.Add(name, Mac(who["mac"]));
            if (who["address"].Exists)
                _addresses.Add(name, Address(who["address"]));
        }
    }

    /// <summary>A name, or six hexadecimal groups.</summary>
    public byte[] Mac(CaseNode node)
    {
        if (_macs.TryGetValue(node.Text, out var known))
            return known;
        var groups = node.Text.Split(':');
        return groups.Length == 6 && groups.All(static g => g.Length == 2)
            ? [.. groups.Select(static g => byte.Parse(g, NumberStyles.HexNumber, CultureInfo.InvariantCulture))]
            : throw node.Wrong($"'{node.Text}' is neither a MAC address nor the name of anybody who has one");
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
            : throw node.Wrong($"'{node.Text}' is neither an address nor the name of anybody who has one");
}
