using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Sidestep.Lab.Faults;

/// <summary>Something that goes wrong, for real: a file below the topology's folder "faults".</summary>
internal sealed class Fault
{
    /// <summary>Of the file.</summary>
    public string Name { get; set; } = "";

    /// <summary>One sentence.</summary>
    public string About { get; set; } = "";

    /// <summary>What the doctor is to call it.</summary>
    public string Expect { get; set; } = "";

    /// <summary>The real server that the diagnosis is to name; empty: it is about the director or a VIP.</summary>
    public string Server { get; set; } = "";

    /// <summary>Other servers that it harms as well: what is said of them is no false alarm.</summary>
    public List<string> Harms { get; set; } = [];

    /// <summary>Drivers with which it is no fault, or not this one, and why: it is left out there, and the report says so.</summary>
    public Dictionary<string, string> IncompatibleDrivers { get; set; } = [];

    public List<FaultStep> Inject { get; set; } = [];

    public List<FaultStep> Undo { get; set; } = [];

    /// <summary>All of a folder, by name.</summary>
    public static IReadOnlyList<Fault> Read(string folder)
        => [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(ReadOne)];

    private static Fault ReadOne(string path)
    {
        using var text = File.OpenText(path);
        try
        {
            var fault = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking().Build().Deserialize<Fault>(text);
            fault.Name = Path.GetFileNameWithoutExtension(path);
            return fault.Expect.Length > 0 && fault.Inject.Count > 0 && fault.Undo.Count > 0 ? fault
                : throw new LabException($"{path}: a fault has 'expect', 'inject' and 'undo'.");
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}({e.Start.Line},{e.Start.Column}): {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}

/// <summary>One thing that is done. Exactly one of the others is there beside <see cref="In"/>.</summary>
internal sealed class FaultStep
{
    /// <summary>The node.</summary>
    public string In { get; set; } = "";

    /// <summary>A shell command that must succeed.</summary>
    public string Run { get; set; } = "";

    /// <summary>Ends a service, or what was launched under that name.</summary>
    public string End { get; set; } = "";

    /// <summary>Starts a service as the topology has it.</summary>
    public string Start { get; set; } = "";

    /// <summary>Launches a shell command that goes on, under this name.</summary>
    public string Launch { get; set; } = "";

    /// <summary>What is launched.</summary>
    public string Command { get; set; } = "";

    /// <summary>A shell command that is tried until it succeeds.</summary>
    public string Until { get; set; } = "";
}
