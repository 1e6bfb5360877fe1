using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>An encapsulation: everything that an outer header depends on, beside the server.</summary>
/// <param name="Mode">The kind of outer header, or none at layer 2.</param>
/// <param name="GuePort">Destination port of GUE; 0 for other modes.</param>
/// <param name="OuterSource4">Prefix of outer IPv4 source addresses; null: the address of the egress interface.</param>
/// <param name="OuterSource6">Prefix of outer IPv6 source addresses; null: the address of the egress interface.</param>
public readonly record struct Encap(
    ForwardingMode Mode, int GuePort = 0, IPNetwork? OuterSource4 = null, IPNetwork? OuterSource6 = null)
{
    /// <summary>Layer 2: new Ethernet addresses, no outer header.</summary>
    public static Encap Layer2 => default;

    /// <summary>The encapsulation of a network profile.</summary>
    public static Encap Of(NetworkProfile profile) =>
        profile.DsrType == DsrType.L2 ? Layer2 : Of(profile, profile.Encapsulation);

    /// <summary>The encapsulation of a network profile with another kind of outer header. Settings that do not apply to
    /// the kind are left out, so that equal encapsulations compare equal.</summary>
    public static Encap Of(NetworkProfile profile, Encapsulation encapsulation) =>
        encapsulation == Encapsulation.Gue
            ? new Encap(ForwardingMode.Gue, profile.GuePort)
            : new Encap(encapsulation.ToMode(), 0, profile.OuterSource4, profile.OuterSource6);

    /// <summary>The encapsulation of a server: at layer 3, its own one replaces that of the profile.</summary>
    public static Encap Of(NetworkProfile profile, RealServer server) =>
        profile.DsrType == DsrType.L3 && server.Encapsulation is { } own ? Of(profile, own) : Of(profile);

    /// <summary>The text: <c>l2</c>, <c>ipip</c>, <c>gre</c>, <c>gue</c>, <c>gue:6081</c>,
    /// <c>ipip@198.18.0.0/15@2001:db8::/64</c>.</summary>
    public override string ToString()
    {
        // This is called for every label, and Enum.ToString is much slower.
        var text = Mode switch
        {
            ForwardingMode.L2 => "l2",
            ForwardingMode.IpIp => "ipip",
            ForwardingMode.Gue => "gue",
            ForwardingMode.Gre => "gre",
            _ => throw new InvalidOperationException($"{Mode}"),
        };
        if (Mode == ForwardingMode.Gue && GuePort != NetworkProfile.DefaultGuePort)
            text += string.Create(CultureInfo.InvariantCulture, $":{GuePort}");
        return text + (OuterSource4 is { } four ? $"@{four}" : "") + (OuterSource6 is { } six ? $"@{six}" : "");
    }

    /// <summary>Parses the text of <see cref="ToString"/>.</summary>
    /// <returns>False when the text is anything else; then <paramref name="encap"/> is null.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out Encap? encap)
    {
        encap = null;
        var parts = text.Split('@');
        var kind = parts[0].Split(':');
        if (!Enum.TryParse<ForwardingMode>(kind[0], ignoreCase: true, out var mode) || !Enum.IsDefined(mode)
            || mode == ForwardingMode.L2 && text != "l2")
            return false;
        var port = mode == ForwardingMode.Gue ? NetworkProfile.DefaultGuePort : 0;
        if (kind.Length > 1 && !int.TryParse(kind[1], NumberStyles.None, CultureInfo.InvariantCulture, out port))
            return false;
        var found = new Encap(mode, port);
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
