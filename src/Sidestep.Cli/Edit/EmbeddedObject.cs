using System.Text;
using System.Text.Json.Nodes;
using Sidestep.Model.Objects;

namespace Sidestep.Cli.Edit;

/// <summary>A configuration in which one object is YAML that a person edited, and everything else is JSON, which is
/// YAML too. So the director reads the edited text as it is, and its errors have lines and columns.</summary>
internal sealed class EmbeddedObject
{
    private const int Step = 4;

    private readonly StringBuilder _text = new();
    private readonly string _edited;
    private int _lines;

    /// <summary>Replaces an object by edited text.</summary>
    /// <param name="configuration">The configuration as the director sent it.</param>
    /// <param name="path">The object, which is in the configuration.</param>
    /// <param name="edited">YAML.</param>
    internal EmbeddedObject(JsonObject configuration, ObjectPath path, string edited)
    {
        _edited = edited;
        var steps = new Stack<ObjectPath>();
        for (var at = path; at is not null; at = at.Owner)
            steps.Push(at);
        WriteOwner(configuration, steps, 0);
    }

    /// <summary>The document.</summary>
    internal string Text => _text.ToString();

    /// <summary>How many lines of the document precede the edited text.</summary>
    internal int LinesBefore { get; private set; }

    /// <summary>The columns that the edited text is indented by.</summary>
    internal int Indentation { get; private set; }

    /// <summary>Writes an object that contains the edited one.</summary>
    /// <param name="owner">The object.</param>
    /// <param name="steps">The objects between it and the edited one, the next one first.</param>
    /// <param name="depth">The columns that it is indented by.</param>
    private void WriteOwner(JsonObject owner, Stack<ObjectPath> steps, int depth)
    {
        var next = steps.Pop();
        string margin = new(' ', depth);
        foreach (var (key, value) in owner)
        {
            if (key != next.Kind.Section)
            {
                Append($"{margin}{key}: {value?.ToJsonString() ?? "null"}");
                continue;
            }
            Append($"{margin}{key}:");
            foreach (var item in value!.AsArray().OfType<JsonObject>())
                WriteItem(item, next, steps, depth);
        }
    }

    private void WriteItem(JsonObject item, ObjectPath next, Stack<ObjectPath> steps, int depth)
    {
        string margin = new(' ', depth + 2);
        if (next.Kind.Canonical(item[next.Kind.NameKey]!.GetValue<string>()) != next.Kind.Canonical(next.Name))
        {
            Append($"{margin}- {item.ToJsonString()}");
            return;
        }
        Append(margin + "-");
        if (steps.Count > 0)
        {
            WriteOwner(item, steps, depth + Step);
            return;
        }
        (LinesBefore, Indentation) = (_lines, depth + Step);
        foreach (string line in _edited.TrimEnd().Split('\n'))
            Append(new string(' ', Indentation) + line);
    }

    private void Append(string line)
    {
        _text.Append(line).Append('\n');
        _lines++;
    }
}
