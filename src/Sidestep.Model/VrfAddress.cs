using System.Net;

namespace Sidestep.Model;

/// <summary>An address with the VRF in which it is routed. Two hosts may have one address in two VRFs.</summary>
/// <remarks>Addresses compare as <see cref="IPAddress"/> does: the IPv4-mapped IPv6 form, which no configuration may
/// contain, is another address.</remarks>
/// <param name="Vrf">The VRF.</param>
/// <param name="Address">The address.</param>
public readonly record struct VrfAddress(VrfName Vrf, IPAddress Address)
{
    /// <summary>Separates the address from the VRF, as in route domains of F5.</summary>
    private const char Separator = '%';

    /// <summary>An address in the default VRF.</summary>
    public static VrfAddress InDefault(IPAddress address) => new(VrfName.Default, address);

    /// <summary>The text: <c>10.0.0.1</c>, or <c>10.0.0.1%blue</c> in the VRF blue.</summary>
    public override string ToString() => Vrf == VrfName.Default ? $"{Address}" : $"{Address}{Separator}{Vrf}";

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    /// <returns>False when the text is anything else.</returns>
    public static bool TryParse(string? text, out VrfAddress address)
    {
        address = default;
        if (text is null)
            return false;
        var end = text.IndexOf(Separator, StringComparison.Ordinal);
        if (end == text.Length - 1 || !IPAddress.TryParse(end < 0 ? text : text[..end], out var parsed))
            return false;
        address = new VrfAddress(end < 0 ? VrfName.Default : new VrfName(text[(end + 1)..]), parsed);
        return true;
    }

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static VrfAddress Parse(string text) => TryParse(text, out var address) ? address
        : throw new FormatException($"'{text}' is not an address");
}
