using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Texts of the daemon about attached interfaces.</summary>
internal static class AttachedInterfaceText
{
    /// <summary>The note that an interface uses a slower driver, with the kernel's reason and that of driver selection;
    /// null: it uses the best one.</summary>
    /// <param name="attached">The interface.</param>
    /// <param name="readCapabilities">Reads the capabilities of an interface.</param>
    internal static string? FallbackNote(AttachedInterface attached, Func<string,
        InterfaceCapabilities> readCapabilities)
    {
        if (attached.FallbackReason is not { } reason)
            return null;
        if (attached.Driver is { } driver
            && SelectionReason(attached.Name, driver, readCapabilities) is { } selectionReason)
            reason = $"{reason}; {selectionReason}";
        return $"{attached.Name} is attached by {attached.Driver?.Name()}, which is slower: {reason}";
    }

    private static string? SelectionReason(
        string interfaceName, Driver driver, Func<string, InterfaceCapabilities> readCapabilities)
    {
        try
        {
            return DriverSelection.Of(readCapabilities(interfaceName)).FallbackReason(driver);
        }
        catch (EngineException)
        {
            return null; // The kernel's reason is enough.
        }
    }
}
