using System.Net;

namespace Sidestep.Benchmarks.Veth;

/// <summary>A program that forwards packets from a veth pair back into it.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="What">A description.</param>
/// <param name="Veth">Its veth pair; cases of one director share one.</param>
/// <param name="Vip">The VIP that it forwards.</param>
/// <param name="Encapsulated">True: it encapsulates. False: it only rewrites the Ethernet addresses.</param>
/// <param name="Servers">Number of servers that it distributes packets to.</param>
internal sealed record Forwarder(string Name, string What, VethPair Veth, IPAddress Vip, bool Encapsulated,
    int Servers);

/// <summary>A case that cannot be measured on this machine.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Reason">The reason.</param>
internal sealed record NotMeasured(string Name, string Reason);
