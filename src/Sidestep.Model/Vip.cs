using System.Net;

namespace Sidestep.Model;

/// <summary>What is said about a VIP itself, whatever services it has.</summary>
/// <param name="Address">The address or prefix, exactly as services name it.</param>
/// <param name="Echo">What an echo request to it gets.</param>
public sealed record Vip(IPNetwork Address, EchoPolicy Echo);

/// <summary>What an echo request to a VIP gets (C-19).</summary>
public enum EchoPolicy
{
    /// <summary>An answer while the VIP is in service, nothing else (DSR-14).</summary>
    Active,

    /// <summary>An answer, whether it is in service or not.</summary>
    Always,

    /// <summary>A real server gets it, and answers as it likes.</summary>
    Forward,

    /// <summary>Nothing.</summary>
    Drop,
}
