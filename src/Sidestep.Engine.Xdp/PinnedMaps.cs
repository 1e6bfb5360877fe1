using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Opens the pinned maps of a director, for a process that is not its daemon.</summary>
internal static class PinnedMaps
{
    /// <summary>Maps them into this process; null when nothing is pinned under that name.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="writable">False for readers.</param>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    internal static StateMaps? Open(string pinPath, string name, bool writable = false)
    {
        if (Kernel.MissingCapabilities() is { Count: > 0 } missing)
        {
            throw new EngineException(
                $"not allowed to read the director's maps: {string.Join(", ", missing)} missing. Run as root");
        }
        try
        {
            var pins = new PinDirectory(pinPath, name);
            if (!Directory.Exists(pins.Path) || pins.OpenMaps(out _) is not { } opened)
                return null;
            if (Adoption.Differences(opened) is { Count: > 0 } differences)
            {
                throw new EngineException($"another version started the director '{name}': "
                    + $"{string.Join("; ", differences)}. Use that version's sidestep, or restart sidestepd");
            }
            return new StateMaps(opened, writable);
        }
        catch (DllNotFoundException e)
        {
            throw new EngineException("libbpf.so.1 is not installed: run 'apt-get install libbpf1'", e);
        }
    }
}
