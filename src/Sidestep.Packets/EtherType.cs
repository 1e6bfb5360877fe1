namespace Sidestep.Packets;

/// <summary>Protocol of an Ethernet payload (numbers of the IEEE 802 registry; RFC 9542 section 3).</summary>
/// <remarks>The product distinguishes only the values listed here; a frame may hold any other. A value below 0x0600 is
/// the length of an IEEE 802.3 frame.</remarks>
public enum EtherType : ushort
{
    /// <summary>Internet Protocol version 4, RFC 894.</summary>
    Ipv4 = 0x0800,

    /// <summary>Address Resolution Protocol over Ethernet, RFC 826.</summary>
    Arp = 0x0806,

    /// <summary>A VLAN tag, IEEE 802.1Q clause 9.6: the type of the payload follows after two bytes.</summary>
    Vlan = 0x8100,

    /// <summary>A service VLAN tag, IEEE 802.1ad; the same form as <see cref="Vlan"/>.</summary>
    ServiceVlan = 0x88a8,

    /// <summary>Internet Protocol version 6, RFC 2464 section 3.</summary>
    Ipv6 = 0x86dd,
}
