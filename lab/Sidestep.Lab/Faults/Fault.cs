using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Sidestep.Lab.Faults;

/// <summary>A fault: a file in the topology's folder "faults".</summary>
internal sealed class Fault
{
    /// <summary>Name of the file, without its extension.</summary>
    public string Name { get; set; } = "";

    /// <summary>A description in one sentence.</summary>
    public string About { get; set; } = "";

    /// <summary>The diagnosis that the doctor must give.</summary>
    public string Expect { get; set; } = "";

    /// <summary>The real server that the diagnosis must name; empty: the diagnosis is about the director or a
    /// VIP.</summary>
    public string Server { get; set; } = "";

    /// <summary>Other servers that the fault affects; diagnoses of them are no false alarms.</summary>
    public List<string> Harms { get; set; } = [];

    /// <summary>Drivers with which the fault has no effect, or another one, and the reason. The run skips it and
    /// reports that.</summary>
    public Dictionary<string, string> IncompatibleDrivers { get; set; } = [];

    public List<FaultStep> Inject { get; set; } = [];

    public List<FaultStep> Undo { get; set; } = [];

    /// <summary>Reads all faults of a folder, in the order of their names.</summary>
    public static IReadOnlyList<Fault> Read(string folder)
        => [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(ReadOne)];

    private static Fault ReadOne(string path)
    {
        using var text = File.OpenText(path);
        try
        {
            var fault = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance)
                .WithDuplicateKeyChecking().Build().Deserialize<Fault>(text);
            fault.Name = Path.GetFileNameWithoutExtension(path);
            return fault.Expect.Length > 0 && fault.Inject.Count > 0 && fault.Undo.Count > 0 ? fault
                : throw new LabException($"{path}: a fault has 'expect', 'inject' and 'undo'.");
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}({e.Start.Line},{e.Start.Column}): {e.InnerException?.Message ?? e.Message}",
                e);
        }
    }
}

/// <summary>One step. It has <see cref="In"/> and exactly one of the other properties.</summary>
internal sealed class FaultStep
{
    /// <summary>Name of the node on which the step is executed.</summary>
    public string In { get; set; } = "";

    /// <summary>A shell command that must succeed.</summary>
    public string Run { get; set; } = "";

    /// <summary>Ends the service, or the launched command, of this name.</summary>
    public string End { get; set; } = "";

    /// <summary>Starts a service of the topology.</summary>
    public string Start { get; set; } = "";

    /// <summary>Launches <see cref="Command"/> in the background, under this name.</summary>
    public string Launch { get; set; } = "";

    /// <summary>The shell command that <see cref="Launch"/> starts in the background.</summary>
    public string Command { get; set; } = "";

    /// <summary>A shell command that is repeated until it succeeds.</summary>
    public string Until { get; set; } = "";
}
