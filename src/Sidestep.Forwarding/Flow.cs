using System.Globalization;
using System.Net;

namespace Sidestep.Forwarding;

/// <summary>The tuple that identifies a flow, as the client sends it: the destination is the VIP.</summary>
/// <param name="Source">The client's address.</param>
/// <param name="Destination">The VIP, of the same family.</param>
/// <param name="Protocol">IP protocol number of the transport; of IPv6, the one after all extension headers.</param>
/// <param name="SourcePort">Source port; 0 for protocols without ports and for fragments without a transport
/// header.</param>
/// <param name="DestinationPort">Destination port; 0 in the same cases.</param>
public readonly record struct Flow(
    IPAddress Source, IPAddress Destination, byte Protocol, ushort SourcePort = 0, ushort DestinationPort = 0)
{
    /// <summary>Text for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{new IPEndPoint(Source, SourcePort)} > {new IPEndPoint(Destination, DestinationPort)} protocol {Protocol}");
}
