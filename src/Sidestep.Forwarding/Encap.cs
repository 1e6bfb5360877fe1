using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>An encapsulation: everything that an outer header depends on, beside the server.</summary>
/// <param name="Encapsulation">The kind of outer header; null: layer 2 without an outer header.</param>
/// <param name="GuePort">Destination port of GUE; 0 for other kinds.</param>
/// <param name="OuterSource4">Prefix of outer IPv4 source addresses; null: the address of the egress interface.</param>
/// <param name="OuterSource6">Prefix of outer IPv6 source addresses; null: the address of the egress interface.</param>
public readonly record struct Encap(
    Encapsulation? Encapsulation, int GuePort = 0, IPNetwork? OuterSource4 = null, IPNetwork? OuterSource6 = null)
{
    /// <summary>Layer 2: new Ethernet addresses, no outer header.</summary>
    public static Encap Layer2 => default;

    /// <summary>The encapsulation of a network profile.</summary>
    public static Encap Of(NetworkProfile profile) =>
        profile.DsrType == DsrType.L2 ? Layer2 : Of(profile, profile.Encapsulation);

    /// <summary>The encapsulation of a network profile with another kind of outer header. Settings that do not apply to
    /// the kind are left out, so that equal encapsulations compare equal.</summary>
    public static Encap Of(NetworkProfile profile, Encapsulation encapsulation) =>
        encapsulation == Model.Encapsulation.Gue
            ? new Encap(encapsulation, profile.GuePort)
            : new Encap(encapsulation, 0, profile.OuterSource4, profile.OuterSource6);

    /// <summary>The text: <c>l2</c>, <c>ipip</c>, <c>gre</c>, <c>gue</c>, <c>gue:6081</c>,
    /// <c>ipip@198.18.0.0/15@2001:db8::/64</c>.</summary>
    public override string ToString()
    {
        if (Encapsulation is not { } encapsulation)
            return "l2";
        // This is called for every label, and Enum.ToString is much slower.
        var text = encapsulation switch
        {
            Model.Encapsulation.IpIp => "ipip",
            Model.Encapsulation.Gue => "gue",
            Model.Encapsulation.Gre => "gre",
            _ => throw new InvalidOperationException($"{encapsulation}"),
        };
        if (encapsulation == Model.Encapsulation.Gue && GuePort != NetworkProfile.DefaultGuePort)
            text += string.Create(CultureInfo.InvariantCulture, $":{GuePort}");
        return text + (OuterSource4 is { } four ? $"@{four}" : "") + (OuterSource6 is { } six ? $"@{six}" : "");
    }

    /// <summary>Parses the text of <see cref="ToString"/>.</summary>
    /// <returns>False when the text is anything else; then <paramref name="encap"/> is null.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out Encap? encap)
    {
        encap = null;
        if (text == "l2")
        {
            encap = Layer2;
            return true;
        }
        var parts = text.Split('@');
        var kind = parts[0].Split(':');
        if (!Enum.TryParse<Encapsulation>(kind[0], ignoreCase: true, out var encapsulation))
            return false;
        var port = encapsulation == Model.Encapsulation.Gue ? NetworkProfile.DefaultGuePort : 0;
        if (kind.Length > 1 && !int.TryParse(kind[1], NumberStyles.None, CultureInfo.InvariantCulture, out port))
            return false;
        var found = new Encap(encapsulation, port);
        foreach (var part in parts[1..])
        {
            if (!IPNetwork.TryParse(part, out var prefix))
                return false;
            found = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork
                ? found with { OuterSource4 = prefix } : found with { OuterSource6 = prefix };
        }
        encap = found;
        return true;
    }
}
