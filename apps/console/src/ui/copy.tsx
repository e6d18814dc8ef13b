import { useToast } from './toast.js';
import { Button } from './button.js';

/** A text to copy into another program. */
export function Copy({ label, text }: { readonly label: string; readonly text: string }) {
  const { show, showError } = useToast();
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => show(`${label} copied`),
      () => showError('The browser does not allow to copy: select the text'),
    );
  return (
    <div className="copy">
      <span className="copy__label">{label}</span>
      <code className="copy__text">{text}</code>
      <Button onPress={() => void copy()} aria-label={`Copy: ${label}`}>
        Copy
      </Button>
    </div>
  );
}
