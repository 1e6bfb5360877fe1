using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>An interface and how frames are taken from it.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Driver">Never <see cref="Model.Driver.Auto"/>. Null: they are not, because the interface is gone.</param>
/// <param name="FallbackReason">Why automatic choice took no better one: what the kernel said, or that it was found so.</param>
public sealed record AttachedInterface(string Name, Driver? Driver, string? FallbackReason)
{
    /// <summary>With <see cref="Driver.AfXdp"/>: the device itself reads and writes the memory of all sockets (zero copy); false: the
    /// kernel copies every frame. Null with other drivers, which have no such choice.</summary>
    public bool? IsZeroCopy { get; init; }
}
