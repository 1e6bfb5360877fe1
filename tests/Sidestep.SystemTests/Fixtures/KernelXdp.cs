using System.Text.Json;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>The state of XDP at an interface, read with the system's tools.</summary>
internal static class KernelXdp
{
    // XDP_ATTACHED_* of linux/if_link.h
    private static readonly string[] Modes = ["none", "native", "generic", "offloaded", "multiple"];

    public static string Mode(NetworkNamespace netns, string interfaceName) =>
        Lan.Link(netns, interfaceName).TryGetProperty("xdp", out var xdp) ? Modes[xdp.GetProperty("mode").GetInt32()]
        : "none";

    /// <summary>Names of the XDP programs at an interface, as <c>bpftool net</c> lists them.</summary>
    public static IReadOnlyList<string> ProgramNames(NetworkNamespace netns, string interfaceName)
    {
        using var net = JsonDocument.Parse(netns.Run("bpftool", "-j", "net", "show", "dev", interfaceName));
        return [.. net.RootElement[0].GetProperty("xdp").EnumerateArray()
            .Select(static p => NameOf(p.GetProperty("id").GetInt32()))];
    }

    private static string NameOf(int id)
    {
        using var program = JsonDocument.Parse(Shell.Run("bpftool", "-j", "prog", "show", "id", $"{id}"));
        return program.RootElement.GetProperty("name").GetString()!;
    }
}
