namespace Sidestep.Forwarding;

/// <summary>How the program is attached.</summary>
public enum AttachMode
{
    /// <summary>In the driver.</summary>
    Native,

    /// <summary>In the network stack.</summary>
    Generic,
}

/// <summary>An interface and how the program is attached to it.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Mode">Null: it is not, because the interface is gone.</param>
/// <param name="WhyNotNative">Why automatic mode is generic: what the driver said, or that it was found so.</param>
public sealed record AttachedInterface(string Name, AttachMode? Mode, string? WhyNotNative);
