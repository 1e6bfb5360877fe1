using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Agent.State;
using Sidestep.Model;

namespace Sidestep.Agent.Persistence;

/// <summary>Notes which files the agent wrote, and what was there before: in their place, and in the kernel.</summary>
internal sealed class PersistenceStore(string directory)
{
    private string RecordPath => Path.Combine(directory, "persistence.json");

    /// <summary>The files that are the agent's.</summary>
    public IReadOnlyList<string> Written => Load()?.Files.ConvertAll(static f => f.Path) ?? [];

    /// <summary>What a setting was before the files made it permanent: after a restart of the host, the kernel cannot say it.</summary>
    public int? Before(SysctlRecord setting) =>
        Load()?.Sysctls.FirstOrDefault(s => s.InterfaceName == setting.InterfaceName && s.Key == setting.Key)?.Before;

    /// <summary>Writes the plan; files of an earlier one that are not in it go.</summary>
    public void Write(PersistencePlan plan, IReadOnlyList<SysctlRecord> sysctls, HostFiles files, Action<string> log)
    {
        var earlier = Load() ?? new PersistenceRecord();
        var unchanged = earlier.Files.Where(e => plan.Files.Any(p => p.Path == e.Path)).ToList();
        var record = new PersistenceRecord
        {
            Files = [.. plan.Files.Select(p => unchanged.FirstOrDefault(k => k.Path == p.Path) ?? new FileRecord(p.Path, files.Read(p.Path)))],
            // The oldest knowledge is the truest.
            Sysctls = [.. earlier.Sysctls, .. sysctls.Where(s => !earlier.Sysctls.Exists(e => e.InterfaceName == s.InterfaceName && e.Key == s.Key))],
        };
        // First the note of all that may be there, then the files, then the note of what is.
        Save(record with { Files = [.. record.Files, .. earlier.Files.Except(unchanged)] });
        foreach (var file in plan.Files.Where(f => files.Read(f.Path) != f.Text))
        {
            files.Write(file.Path, file.Text, file.Mode);
            log($"{file.Path}: written");
        }
        foreach (var obsolete in earlier.Files.Except(unchanged))
            Restore(obsolete, files, log);
        Save(record);
        foreach (var remark in plan.Remarks)
            log(remark);
    }

    /// <summary>Takes every file back.</summary>
    /// <returns>How many there were.</returns>
    public int Remove(HostFiles files, Action<string> log)
    {
        if (Load() is not { } record)
            return 0;
        foreach (var file in record.Files)
            Restore(file, files, log);
        File.Delete(RecordPath);
        return record.Files.Count;
    }

    private static void Restore(FileRecord record, HostFiles files, Action<string> log)
    {
        var now = files.Read(record.Path);
        if (now is null)
            return;
        if (!now.StartsWith(PersistencePlan.HeaderLine, StringComparison.Ordinal))
        {
            log($"{record.Path}: left alone, because someone else has written it since");
            return;
        }
        if (record.Before is null)
            File.Delete(files.Path(record.Path));
        else
            files.Write(record.Path, record.Before, PlannedFile.Readable);
        log($"{record.Path}: {(record.Before is null ? "removed" : "as it was before")}");
    }

    private PersistenceRecord? Load()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordPath), PersistenceJson.Default.PersistenceRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new AgentException($"the file {RecordPath} is damaged: {e.Message}",
                $"Remove the files that begin with '{PersistencePlan.HeaderLine}' by hand, then this one.", e);
        }
    }

    private void Save(PersistenceRecord record) =>
        AtomicFile.Write(RecordPath, JsonSerializer.SerializeToUtf8Bytes(record, PersistenceJson.Default.PersistenceRecord));
}

internal sealed record PersistenceRecord
{
    public List<FileRecord> Files { get; init; } = [];

    public List<SysctlRecord> Sysctls { get; init; } = [];
}

/// <summary>A file that the agent wrote.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Before">What was there; null: nothing.</param>
internal sealed record FileRecord(string Path, string? Before);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PersistenceRecord))]
internal sealed partial class PersistenceJson : JsonSerializerContext;
