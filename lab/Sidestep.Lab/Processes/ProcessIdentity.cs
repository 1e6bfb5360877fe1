using System.Globalization;

namespace Sidestep.Lab.Processes;

/// <summary>Identifies a process uniquely: the kernel reuses process ids, but not together with the start
/// time.</summary>
internal readonly record struct ProcessIdentity(int Id, long StartTime)
{
    /// <returns>Null when there is no such process, or it is a zombie.</returns>
    public static ProcessIdentity? Of(int id)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{id}/stat");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }

        // proc(5): "pid (name) state ppid ..."; the name may hold anything, so count fields from the last parenthesis.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X"
            ? null : new ProcessIdentity(id, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    public bool IsAlive() => Of(Id) == this;
}
