using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>How servers are reached: everything that an outer header depends on, beside the server.</summary>
/// <param name="Encapsulation">Null: layer 2.</param>
/// <param name="GuePort">Of GUE, else 0.</param>
/// <param name="OuterSource4">Null: the director's address.</param>
/// <param name="OuterSource6">Null: the director's address.</param>
public readonly record struct Encap(Encapsulation? Encapsulation, int GuePort = 0, IPNetwork? OuterSource4 = null, IPNetwork? OuterSource6 = null)
{
    /// <summary>New Ethernet addresses, nothing else.</summary>
    public static Encap Layer2 => default;

    /// <summary>The way of a profile.</summary>
    public static Encap Of(NetworkProfile profile) => profile.DsrType == DsrType.L2 ? Layer2 : Of(profile, profile.Encapsulation);

    /// <summary>The way of a profile with another outer header; what has no meaning for it is left out, so that equal ways
    /// are equal.</summary>
    public static Encap Of(NetworkProfile profile, Encapsulation encapsulation) => encapsulation == Model.Encapsulation.Gue
        ? new Encap(encapsulation, profile.GuePort)
        : new Encap(encapsulation, 0, profile.OuterSource4, profile.OuterSource6);

    /// <summary><c>l2</c>, <c>ipip</c>, <c>gre</c>, <c>gue</c>, <c>gue:6081</c>, <c>ipip@198.18.0.0/15@2001:db8::/64</c>.</summary>
    public override string ToString()
    {
        if (Encapsulation is not { } encapsulation)
            return "l2";
        // Written for every label: a number's own name is looked up much more slowly.
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

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
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
